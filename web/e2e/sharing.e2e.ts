/** A host and two others, who share a tab that sounds: what they see and hear of it, and how a share ends. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { en as live } from '../src/ui/languages/live/en.ts';
import { launchSharingChromium } from './support/browser.ts';
import { Guest, quietly } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';
import { cornerOf } from './support/picture.ts';
import { ShownTab } from './support/shownTab.ts';

const TITLE = 'Something that sounds';

let browser: Browser;
let parley: Parley;
let shown: ShownTab;
/** The host. Nobody has a microphone: whatever is heard is of what is shared. */
let ada: Guest;
let bob: Guest;
let cleo: Guest;

declare global {
  interface Window {
    shared: MediaStreamTrack[];
  }
}

beforeAll(async () => {
  [parley, browser] = await Promise.all([startParley(), launchSharingChromium(TITLE)]);
  shown = await ShownTab.open(browser, TITLE);
  await shown.paint('#0000c0');
  await shown.sound();
  ada = await Guest.start(browser, parley.url, 'Ada', quietly, keepShared);
  await ada.join();
  bob = await Guest.arrive(browser, ada.page.url(), 'Bob', quietly, keepShared);
  cleo = await Guest.arrive(browser, ada.page.url(), 'Cleo', quietly);
  for (const guest of [bob, cleo]) await guest.join();
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

/** Runs in the page, before the app: keeps what the browser gave it to share. */
function keepShared(): void {
  window.shared = [];
  const { mediaDevices } = navigator;
  const capture = mediaDevices.getDisplayMedia.bind(mediaDevices);
  mediaDevices.getDisplayMedia = async (options) => {
    const stream = await capture(options);
    window.shared.push(...stream.getTracks());
    return stream;
  };
}

const screenOf = (guest: Guest, name: string) =>
  guest.page.getByRole('article', { name: en.meeting.screenOf.replace('{{name}}', name) });

interface Picture {
  /** Which of them is the most in the corner farthest from the film. */
  readonly colour: 'red' | 'blue';
  readonly shape: string;
}

/** What is seen of somebody's screen; null before its first picture. */
async function pictureOf(guest: Guest, name: string): Promise<Picture | null> {
  const corner = await cornerOf(screenOf(guest, name).locator('video'));
  if (corner === null) return null;
  const { red, blue, width, height } = corner;
  return { colour: red > blue ? 'red' : 'blue', shape: (width / height).toFixed(1) };
}

/** Over all slots: the energy of what came, and for how many samples something was played, silence too. */
const heard = (guest: Guest): Promise<{ readonly energy: number; readonly samples: number }> =>
  guest.page.evaluate(async () => {
    const report = (await window.openConnections.at(-1)?.getStats()) as
      ReadonlyMap<string, Record<string, unknown>> | undefined;
    const sound = [...(report?.values() ?? [])].filter(
      (one) => one['type'] === 'inbound-rtp' && one['kind'] === 'audio',
    );
    const sum = (name: string) => sound.reduce((total, one) => total + Number(one[name] ?? 0), 0);
    return { energy: sum('totalAudioEnergy'), samples: sum('totalSamplesReceived') };
  });

async function hearsIt(guest: Guest): Promise<void> {
  const before = await heard(guest);
  await eventually(
    () => heard(guest),
    ({ energy }) => energy > before.energy + 0.01,
  );
}

/** Half a second is played, and nothing of it is loud: a hundredth of what a second of the tone has is noise for comfort. */
async function hearsNothing(guest: Guest): Promise<void> {
  let before = await heard(guest);
  await eventually(
    async () => {
      const now = await heard(guest);
      const [energy, samples] = [now.energy - before.energy, now.samples - before.samples];
      if (energy > 0.005) before = now;
      return { energy, samples };
    },
    ({ energy, samples }) => energy <= 0.005 && samples > 24_000,
  );
}

const areShared = (guest: Guest): Promise<string[]> =>
  guest.page.evaluate(() => window.shared.map(({ kind, readyState }) => `${kind} ${readyState}`));

/** The toolbar's own, which the share has another of. */
const control = (guest: Guest, name: string) => guest.page.getByRole('toolbar').getByRole('button', { name });

describe('a tab that is shared', () => {
  it('is seen and heard by the others, and by nobody twice', async () => {
    await bob.press(en.meeting.share);
    for (const guest of [ada, cleo]) {
      await eventually(
        () => pictureOf(guest, 'Bob'),
        (picture) => picture?.colour === 'blue' && picture.shape === '1.8',
      );
      await hearsIt(guest);
    }
    expect(await areShared(bob)).toEqual(['audio live', 'video live']);
    expect((await heard(bob)).energy).toBe(0);
  });

  it('is seen as it is when another shape and another picture come in its place', async () => {
    await bob.page.getByText(live.takenFor.text).or(bob.page.getByText(live.takenFor.static)).waitFor();
    await shown.page.setViewportSize({ width: 960, height: 720 });
    await shown.paint('#c00000');
    await eventually(
      () => pictureOf(cleo, 'Bob'),
      (picture) => picture?.colour === 'red' && picture.shape === '1.3',
    );
    await shown.play(true);
    await bob.page.getByText(live.takenFor.motion).waitFor();
    await shown.play(false);
    await hearsIt(cleo);
  });

  it('makes room for the host who takes over, and whoever shared it is told', async () => {
    await ada.press(en.meeting.share);
    await ada.page.getByText(live.takeOverText.replace('{{name}}', 'Bob')).waitFor();
    await ada.press(live.takeOver);
    await bob.page.getByText(en.meeting.shareStoppedByOther.replace('{{name}}', 'Ada')).waitFor();
    await screenOf(cleo, 'Bob').waitFor({ state: 'detached' });
    for (const guest of [bob, cleo]) {
      await eventually(
        () => pictureOf(guest, 'Ada'),
        (picture) => picture?.colour === 'red',
      );
      await hearsIt(guest);
    }
    expect(await areShared(bob)).toEqual(['audio ended', 'video ended']);
    await control(bob, en.meeting.share).waitFor();
  });

  it('is not taken from a host by somebody who may only ask', async () => {
    await bob.press(en.meeting.share);
    await bob.page.getByRole('button', { name: live.ask, exact: true }).waitFor();
    expect(await bob.page.getByRole('button', { name: live.takeOver }).count()).toBe(0);
    await bob.press(live.notNow);
    expect(await screenOf(bob, 'Ada').count()).toBe(1);
  });

  it('is heard no more once it is stopped, although the tab sounds on', async () => {
    await control(ada, en.meeting.stopShare).click();
    for (const guest of [bob, cleo]) {
      await screenOf(guest, 'Ada').waitFor({ state: 'detached' });
      await hearsNothing(guest);
    }
  });

  it('is over for all when the browser ends it, in picture and sound', async () => {
    await ada.press(en.meeting.share);
    for (const guest of [bob, cleo]) await hearsIt(guest);
    await shown.page.close();
    await ada.page.getByText(live.shareEnded.browser).waitFor();
    await control(ada, en.meeting.share).waitFor();
    for (const guest of [bob, cleo]) {
      await screenOf(guest, 'Ada').waitFor({ state: 'detached' });
      await hearsNothing(guest);
    }
    expect([...ada.errors, ...bob.errors, ...cleo.errors]).toEqual([]);
  });
});
