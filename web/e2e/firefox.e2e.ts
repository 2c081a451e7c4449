/** Firefox ESR meets Chromium in a real meeting: joins, sees, hears, shares, mutes, leaves. In the long run only. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { en as live } from '../src/ui/languages/live/en.ts';
import { launchChromium, servePages, type PageServer } from './support/browser.ts';
import { pretendChip } from './support/codecs.ts';
import { Display, whyNoDisplay } from './support/display.ts';
import { Firefox, whyNoFirefox, type FirefoxPage } from './support/firefox.ts';
import { Guest } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { Person, eventually } from './support/person.ts';

const screenOf = (name: string): string => en.meeting.screenOf.replace('{{name}}', name);
const SCREEN_OF_ADA = screenOf('Ada');
const SCREEN_OF_FOX = screenOf('Fox');
const missing = whyNoFirefox();
const noDisplay = whyNoDisplay();
const isSlow = process.env['PARLEY_SLOW'] === '1';
if (isSlow && missing !== undefined) console.warn(`FIREFOX IS NOT TESTED: ${missing}`);
else if (isSlow && noDisplay !== undefined) console.warn(`FIREFOX SHARES NOTHING: ${noDisplay}`);

describe.skipIf(!isSlow || missing !== undefined)('Firefox ESR', () => {
  let browser: Browser;
  let display: Display | null;
  let firefox: Firefox;
  let parley: Parley;
  let pages: PageServer;

  beforeAll(async () => {
    parley = await startParley();
    pages = await servePages(new URL(parley.apiUrl).origin);
    browser = await launchChromium();
    display = noDisplay === undefined ? await Display.open() : null;
    firefox = await Firefox.launch(display);
    await firefox.prepare(keepConnections);
  });

  afterAll(async () => {
    await firefox.close();
    await display?.close();
    await browser.close();
    await pages.close();
    await parley.stop();
  });

  describe('in the web app', () => {
    let ada: Guest;
    let fox: FirefoxPage;

    beforeAll(async () => {
      const link = `${parley.url}/m/${await parley.createMeeting('Foxes')}`;
      ada = await Guest.arrive(browser, link, 'Ada');
      await ada.join();
      fox = await firefox.open(link);
    });

    it('joins, and is seen and heard', async () => {
      await eventually(
        () => fox.evaluate(() => document.activeElement?.tagName ?? ''),
        (tag) => tag === 'INPUT',
      );
      await fox.type('Fox');
      await eventually(
        () => fox.evaluate(() => document.querySelector('video')?.videoWidth ?? 0),
        (width) => width > 0,
      );
      await fox.press(en.join.go);
      await ada.tileOf('Fox').locator('video').waitFor();
      const before = await ada.received();
      await eventually(
        () => ada.received(),
        ({ frames, energy }) => frames > before.frames + 5 && energy > before.energy,
      );
    });

    it('sees and hears', async () => {
      const before = await received(fox);
      await eventually(
        () => received(fox),
        ({ frames, energy }) => frames > before.frames + 5 && energy > before.energy,
      );
    });

    it('sees what somebody else shares', async () => {
      await ada.press(en.meeting.share);
      await eventually(
        () => fox.evaluate(seenOf, SCREEN_OF_ADA),
        ({ width, frames }) => width > 0 && frames > 10,
      );
      // Beside the one in the toolbar there is one in the picture's place.
      await ada.page.getByRole('button', { name: en.meeting.stopShare, exact: true }).first().click();
      await eventually(
        () => fox.evaluate(seenOf, SCREEN_OF_ADA),
        ({ isThere }) => !isThere,
      );
    });

    it.skipIf(noDisplay !== undefined)('shares its screen', async () => {
      await fox.press(en.meeting.share);
      const seen = () => ada.page.evaluate(seenOf, SCREEN_OF_FOX);
      const { frames } = await eventually(seen, ({ width, frames }) => width > 0 && frames > 10);
      // Other layers, and with them a new beginning of the encoder.
      await fox.press(live.content.motion);
      await eventually(
        () => fox.evaluate(mostOfScreen),
        (bps) => bps === 4_000_000,
      );
      await eventually(seen, (later) => later.frames > frames + 60);
      await fox.press(en.meeting.stopShare);
      await eventually(seen, ({ isThere }) => !isThere);
    });

    it('mutes itself and sees others mute themselves', async () => {
      await fox.press(en.devices.turnMicrophoneOff);
      await ada.page.getByRole('article', { name: `Fox, ${en.meeting.muted}` }).waitFor();
      await ada.press(en.devices.turnMicrophoneOff);
      await eventually(
        () => labels(fox),
        (names) => names.includes(`Ada, ${en.meeting.muted}`),
      );
    });

    it('leaves, and is gone for the others', async () => {
      await fox.press(en.meeting.leave);
      await ada.tileOf('Fox').waitFor({ state: 'detached' });
      expect(ada.errors).toEqual([]);
    });
  });

  describe('with the SDK', () => {
    it('sees a camera whose chip has another codec than those that it decodes', async () => {
      const code = await parley.createMeeting('Chips and foxes');
      const ada = await Person.open(browser, pages.url, 'Ada');
      const bob = await Person.open(browser, pages.url, 'Bob');
      await ada.page.evaluate(pretendChip);
      await ada.join(code, null);
      await bob.join(code);
      const seenByBob = async (codec: string): Promise<void> => {
        await bob.showOnly('Ada', 360);
        await eventually(
          () => bob.newest(),
          (seen) => seen.codec === codec,
        );
      };
      await seenByBob('video/H264');
      const fox = await firefox.open(pages.url);
      await join(fox, code);
      await seenByBob('video/VP8');
      await show(fox, 360);
      const { frames } = await picture(fox);
      await eventually(
        () => picture(fox),
        (seen) => seen.frames > frames + 20,
      );
      await ada.close();
      await bob.close();
    });

    it('sends and receives a camera small and large, as its tile shrinks and grows', async () => {
      const code = await parley.createMeeting('Layers of foxes');
      const ada = await Person.open(browser, pages.url, 'Ada');
      await ada.join(code);
      const fox = await firefox.open(pages.url);
      await join(fox, code);
      await eventually(
        () => ada.others(),
        ([seen]) => seen?.tracks['camera'] !== undefined,
      );
      for (const [ask, seen] of [
        [(height: number) => ada.show(height), () => ada.picture()],
        [(height: number) => show(fox, height), () => picture(fox)],
      ] as const) {
        await ask(180);
        const small = await eventually(
          seen,
          ({ height, frames }) => height > 0 && height <= 180 && frames > 5,
        );
        await ask(720);
        await eventually(seen, ({ height }) => height >= 2 * small.height, 40_000);
        await ask(180);
        const again = await eventually(seen, ({ height }) => height === small.height);
        await eventually(seen, ({ frames }) => frames > again.frames + 10);
      }
      expect(ada.errors).toEqual([]);
      await ada.close();
    });
  });
});

function received(fox: FirefoxPage): Promise<{ readonly frames: number; readonly energy: number }> {
  return fox.evaluate(async () => {
    const report = (await window.openConnections.at(-1)?.getStats()) as
      ReadonlyMap<string, Record<string, unknown>> | undefined;
    const inbound = [...(report?.values() ?? [])].filter((one) => one['type'] === 'inbound-rtp');
    const sum = (name: string) => inbound.reduce((total, one) => total + Number(one[name] ?? 0), 0);
    return { frames: sum('framesDecoded'), energy: sum('totalAudioEnergy') };
  });
}

/** What arrives in the first slot that has a picture. */
function picture(fox: FirefoxPage): Promise<{ readonly height: number; readonly frames: number }> {
  return fox.evaluate(async () => {
    const report = (await window.openConnections.at(-1)?.getStats()) as
      ReadonlyMap<string, Record<string, unknown>> | undefined;
    const seen = [...(report?.values() ?? [])].find(
      (one) => one['type'] === 'inbound-rtp' && Number(one['framesDecoded']) > 0,
    );
    return { height: Number(seen?.['frameHeight'] ?? 0), frames: Number(seen?.['framesDecoded'] ?? 0) };
  });
}

/** Runs in the page: the picture with this name, and how many of its frames were shown since it was first asked for. */
function seenOf(name: string): {
  readonly isThere: boolean;
  readonly width: number;
  readonly frames: number;
} {
  const video: (HTMLVideoElement & { shown?: number }) | null | undefined = [
    ...document.querySelectorAll('[aria-label]'),
  ]
    .find((one) => one.getAttribute('aria-label') === name && one.querySelector('video') !== null)
    ?.querySelector('video');
  if (video == null) return { isThere: false, width: 0, frames: 0 };
  if (video.shown === undefined) {
    video.shown = 0;
    // Firefox counts no frames of streams in getVideoPlaybackQuality.
    const count = (): void => {
      video.shown = (video.shown ?? 0) + 1;
      video.requestVideoFrameCallback(count);
    };
    video.requestVideoFrameCallback(count);
  }
  return { isThere: true, width: video.videoWidth, frames: video.shown };
}

/** Runs in the page: what the screen is sent with at most. */
function mostOfScreen(): number | undefined {
  const sender = window.openConnections.at(-1)?.getSenders()[2];
  return sender?.getParameters().encodings[0]?.maxBitrate;
}

function labels(fox: FirefoxPage): Promise<readonly string[]> {
  return fox.evaluate(() =>
    [...document.querySelectorAll('article')].map((one) => one.getAttribute('aria-label') ?? ''),
  );
}

async function join(fox: FirefoxPage, code: string): Promise<void> {
  await fox.evaluate(async (meeting) => {
    while (!('sdk' in window)) await new Promise((resolve) => setTimeout(resolve, 50));
    const media = new window.sdk.LocalMedia();
    const [microphone, camera] = await Promise.all([media.startMicrophone(), media.startCamera()]);
    if (microphone === null || camera === null) throw new Error('no fake devices');
    window.meeting = new window.sdk.Meeting({ apiUrl: '/v1' });
    await window.meeting.prepare();
    await window.meeting.join({ meeting, displayName: 'Fox', microphone, camera });
  }, code);
}

/** Asks for everybody's camera in a tile of this height. */
async function show(fox: FirefoxPage, maxHeight: number): Promise<void> {
  await fox.evaluate((height) => {
    const cameras = window.meeting.participants.flatMap(({ isSelf, tracks }) =>
      isSelf || tracks.camera === undefined ? [] : [tracks.camera.id],
    );
    window.meeting.setVisible(cameras.map((track) => ({ track, maxHeight: Number(height) })));
  }, String(maxHeight));
}

/** Runs in the page, before the app. */
function keepConnections(): void {
  window.openConnections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      window.openConnections.push(this);
    }
  };
}
