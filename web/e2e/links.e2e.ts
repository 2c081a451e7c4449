/** A real Chromium behind a bad link meets one with a good link, through a real node. */
import { isDeepStrictEqual } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, servePages, type PageServer } from './support/browser.ts';
import { BadLink, whyNoLink } from './support/link.ts';
import { startParley, type Parley } from './support/parley.ts';
import { Person, eventually, type Quality, type Seconds } from './support/person.ts';

const missing = whyNoLink();
if (missing !== undefined) console.warn(`links are not tested: ${missing}`);
const isSlow = process.env['PARLEY_SLOW'] === '1';

/**
 * The aims are 2, 5 and 10 % of made-up sound, and five frames a second at the worst; what is printed shows how they
 * are met. The bounds here hold on a machine that is busy with something else as well; at 30 % down the link pictures do
 * not yet come in every run.
 */
const LOSSES = [
  {
    link: '5 % loss, 25 ms',
    lossPercent: 5,
    delayMs: 25,
    jitterMs: 0,
    concealed: 0.05,
    longestGapMs: 400,
    downFps: 5,
    upFps: 5,
  },
  {
    link: 'no loss, 25 to 105 ms',
    lossPercent: 0,
    delayMs: 25,
    jitterMs: 80,
    concealed: 0.1,
    longestGapMs: 400,
    downFps: 5,
    upFps: 5,
  },
  {
    link: '15 % loss, 25 ms',
    lossPercent: 15,
    delayMs: 25,
    jitterMs: 0,
    concealed: 0.1,
    longestGapMs: 500,
    downFps: 3,
    upFps: 3,
  },
  {
    link: '30 % loss, 150 ms',
    lossPercent: 30,
    delayMs: 150,
    jitterMs: 0,
    concealed: 0.25,
    longestGapMs: 600,
    downFps: 0,
    upFps: 3,
  },
];

/** How wide a link is made, one after the other, and what is seen then. */
const STEPS = [
  { rateBps: 2_000_000, is: ({ height }: Seconds) => height >= 720 },
  { rateBps: 600_000, is: ({ height }: Seconds) => height > 180 && height < 720 },
  { rateBps: 250_000, is: ({ height }: Seconds) => height > 0 && height <= 180 },
  { rateBps: 30_000, is: ({ height }: Seconds) => height === 0 },
] as const;

let link: BadLink;
let parley: Parley;
let server: PageServer;
let near: Browser;
let far: Browser;
let ada: Person;
let bob: Person;

describe.skipIf(missing !== undefined)('somebody behind a bad link', () => {
  beforeAll(async () => {
    link = await BadLink.open();
    await link.set({ delayMs: 20 });
    parley = await startParley(link.host);
    server = await servePages(new URL(parley.apiUrl).origin, link.host);
    const { origin } = new URL(server.url);
    near = await launchChromium(undefined, origin);
    far = await launchChromium(link.chromium, origin);
    const code = await parley.createMeeting('Bad links');
    ada = await Person.open(near, server.url, 'Ada');
    bob = await Person.open(far, server.url, 'Bob');
    await ada.join(code);
    await bob.join(code);
    await eventually(
      () => bob.others(),
      ([seen]) => seen?.tracks['camera'] !== undefined,
    );
    await bob.show(720);
    await ada.show(720);
    await eventually(
      () => bob.picture(),
      ({ height }) => height >= 720,
    );
  });

  afterAll(async () => {
    await near.close();
    await far.close();
    await server.close();
    await parley.stop();
    await link.close();
  });

  it.each(isSlow ? LOSSES : LOSSES.slice(0, 2))(
    'hears and sees on over a link of $link each way',
    async ({ link: name, lossPercent, delayMs, jitterMs, concealed, longestGapMs, downFps, upFps }) => {
      await link.set({ lossPercent, delayMs, jitterMs });
      // Chromium says of sound only every five seconds or so what got lost, and redundancy follows that.
      await settle(8_000);
      const [heard, seen] = await Promise.all(
        [bob, ada].map((one) => one.qualityOf(isSlow ? 15_000 : 5_000)),
      );
      print(`${name} each way`, {
        downlink: heard,
        uplink: seen,
      });
      for (const quality of [heard, seen]) {
        expect(quality?.concealed).toBeLessThanOrEqual(concealed);
        expect(quality?.longestGapMs).toBeLessThanOrEqual(longestGapMs);
      }
      expect(heard?.fps).toBeGreaterThanOrEqual(downFps);
      expect(seen?.fps).toBeGreaterThanOrEqual(upFps);
      expect(await connectionsMade()).toEqual([1, 1]);
    },
  );

  it('is known to be so by everybody, with the direction, and to do well again', async () => {
    const fine = { delayMs: 20 };
    const bad = { delayMs: 20, lossPercent: 15 };
    for (const [up, down, word] of [
      [bad, fine, 'uplink'],
      [fine, bad, 'downlink'],
    ] as const) {
      await link.set(up, down);
      const isSaid = (links: Readonly<Record<string, string>>): boolean => links['Bob'] === word;
      await eventually(() => ada.links(), isSaid, 40_000);
      await eventually(() => bob.links(), isSaid, 40_000);
    }
    await link.set(fine);
    await eventually(
      () => ada.links(),
      ({ Bob }) => Bob === 'good',
      40_000,
    );
  });

  it('sees 480p before 720p as the link widens from what carries 360p', async () => {
    const fine = { delayMs: 20 };
    const widen = async (rateBps: number): Promise<void> => {
      await link.set(fine, { ...fine, rateBps, queueMs: 300 });
    };
    await widen(600_000);
    const narrow = await eventually(
      () => bob.seconds(2),
      ({ height }) => height < 720,
      60_000,
    );
    // What 720p takes depends on the picture: a step is long enough for 480p to come, and too short to reach over it.
    const seen = [narrow.height];
    const isSmall = (): boolean => (seen.at(-1) ?? 0) <= 360;
    for (let rateBps = 600_000; rateBps < 2_000_000 && isSmall(); rateBps += 100_000) {
      await widen(rateBps);
      for (let spans = 0; spans < 4 && isSmall(); spans += 1) seen.push((await bob.seconds(2)).height);
    }
    print('between 360p and 720p', { seen });
    expect(seen.at(-1)).toBe(480);
    await link.set(fine);
    await eventually(
      () => bob.seconds(2),
      ({ height }) => height >= 720,
      60_000,
    );
  });

  it('goes on as the same person over another address, as from one Wi-Fi to another', async () => {
    await link.set({ delayMs: 20 });
    const id = await bob.participantId();
    await bob.page.evaluate(() => {
      window.meeting.setMuted('microphone', true);
    });
    const isMuted = (others: readonly { tracks: Readonly<Record<string, { muted: boolean }>> }[]): boolean =>
      others.length === 1 && others[0]?.tracks['microphone']?.muted === true;
    await eventually(() => ada.others(), isMuted);
    const before = (await bob.received()).frames;
    link.changeAddress();
    const since = performance.now();
    await eventually(
      () => bob.received(),
      ({ frames }) => frames > before + 10,
      40_000,
    );
    await eventually(
      () => bob.state(),
      (state) => state === 'connected',
    );
    print('another address', { backAfterMs: Math.round(performance.now() - since) });
    expect(await bob.participantId()).toBe(id);
    expect(isMuted(await ada.others())).toBe(true);
    expect(await connectionsMade()).toEqual([1, 1]);
    await bob.page.evaluate(() => {
      window.meeting.setMuted('microphone', false);
    });
  });

  it.skipIf(!isSlow).each([
    { way: 'the way to them', isUp: false },
    { way: 'the way from them', isUp: true },
  ])(
    'falls step by step to voices alone as $way narrows, and has pictures again within ten seconds of sound',
    async ({ way, isUp }) => {
      const watcher = isUp ? ada : bob;
      const fine = { delayMs: 20 };
      const narrow = async (rateBps: number): Promise<void> => {
        const narrowed = { ...fine, rateBps, queueMs: 300 };
        await link.set(isUp ? narrowed : fine, isUp ? fine : narrowed);
      };
      await link.set(fine);
      const steps: Record<string, Seconds> = {};
      for (const { rateBps, is } of STEPS) {
        await narrow(rateBps);
        steps[String(rateBps)] = await eventually(() => watcher.seconds(2), is, 60_000);
      }
      const alone = await watcher.seconds(8);
      const said = isUp ? 'isPausedBySender' : 'isPaused';
      const camera = async () => (await watcher.others())[0]?.tracks['camera'];
      // How much of a voice is lost is read each two seconds, and one of these may be of a calm moment.
      const unseen = { muted: false, hasPicture: false, [said]: true };
      await eventually(camera, (one) => isDeepStrictEqual(one, unseen), 30_000);
      if (isUp) expect(await bob.arePicturesPaused()).toBe(true);
      const { played, frames } = await watcher.moment();
      await narrow(2_000_000);
      const back = await eventually(
        () => watcher.moment(),
        (moment) => moment.frames > frames + 5,
        60_000,
      );
      const large = await eventually(() => watcher.seconds(2), STEPS[0].is, 60_000);
      await eventually(camera, (one) => one?.hasPicture === true && one[said] === undefined, 20_000);
      print(`narrow, ${way}`, { steps, alone, backAfterSeconds: back.played - played, large });
      // Frames travel together: alone, their headers would fill the link, and almost half of the voice is lost.
      expect(alone.madeUp).toBeLessThan(0.35);
      // Chromium sends a picture now and then where there is room for none.
      expect(alone.fps).toBeLessThan(1);
      expect(back.played - played).toBeLessThanOrEqual(10);
      expect(await connectionsMade()).toEqual([1, 1]);
    },
    240_000,
  );

  it('is back by itself after five seconds without any link', async () => {
    await link.set({ delayMs: 20 });
    await settle(2_000);
    await link.set({ lossPercent: 100 });
    await settle(5_000);
    const before = (await bob.received()).frames;
    await link.set({ delayMs: 20 });
    const since = performance.now();
    await eventually(
      () => bob.received(),
      ({ frames }) => frames > before + 10,
      40_000,
    );
    print('outage of 5 s', { backAfterMs: Math.round(performance.now() - since) });
    // Pictures may be there before the browser, or the socket, says that the way is open again.
    await eventually(
      () => bob.state(),
      (state) => state === 'connected',
    );
    expect((await bob.others()).map(({ name }) => name)).toEqual(['Ada']);
    // What had been there went on: nothing was made anew.
    expect(await connectionsMade()).toEqual([1, 1]);
  });
});

/** How often each has had to make a connection. */
function connectionsMade(): Promise<number[]> {
  return Promise.all([ada, bob].map((one) => one.page.evaluate(() => window.peerConnections.length)));
}

function print(
  title: string,
  figures: Record<string, unknown> | { [name: string]: Quality | undefined },
): void {
  console.log(`${title}: ${JSON.stringify(figures)}`);
}

/** Not for something to happen, but for what is measured to be in the state that the link has. */
function settle(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
