/** Devices that are not as one expects: in use by another program, and those of a phone. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { en as live } from '../src/ui/languages/live/en.ts';
import { launchCrowded } from './support/browser.ts';
import { Guest, quietly } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';
import { cornerOf } from './support/picture.ts';

// The one between them gives depths, which no encoder takes.
const [FIRST_CAMERA, OTHER_CAMERA] = ['fake_device_0', 'fake_device_2'];
const [FIRST_MICROPHONE, OTHER_MICROPHONE] = ['Fake Default Audio Input', 'Fake Audio Input 2'];

let browser: Browser;
let parley: Parley;
let link: string;
/** Looks on, with nothing of her own: whatever she receives is of who is tried. */
let ada: Guest;

declare global {
  interface Window {
    /** Labels of the devices that another program has. */
    busy: readonly string[];
    /** Where the cameras were asked to look, one question after the other. */
    asked: string[];
  }
}

beforeAll(async () => {
  [parley, browser] = await Promise.all([startParley(), launchCrowded(3)]);
  link = `${parley.url}/m/${await parley.createMeeting('Devices')}`;
  ada = await Guest.arrive(browser, link, 'Ada', quietly);
  await ada.join();
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

/** Runs in the page, before the app: some devices belong to another program, whoever asks for them. */
function shareDevices(): void {
  window.busy = ['fake_device_0', 'Fake Default Audio Input'];
  const { mediaDevices } = navigator;
  const capture = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    const stream = await capture(constraints);
    if (stream.getTracks().every(({ label }) => !window.busy.includes(label))) return stream;
    for (const track of stream.getTracks()) track.stop();
    throw new DOMException('Could not start the source', 'NotReadableError');
  };
}

const occupy = (guest: Guest, ...labels: readonly string[]): Promise<void> =>
  guest.page.evaluate((busy) => {
    window.busy = busy;
  }, labels);

/** Opens a list by its name and takes something from it. */
async function pick(page: Page, list: string, device: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`${list}$`) }).click();
  await page.getByRole('option', { name: device }).click();
  await page.getByRole('listbox').waitFor({ state: 'detached' });
}

/** From the arrow beside a control of the toolbar. */
async function pickInMeeting(page: Page, menu: string, list: string, device: string): Promise<void> {
  await page.getByRole('toolbar').getByRole('button', { name: menu }).click();
  await pick(page.getByRole('dialog', { name: menu }).page(), list, device);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: menu }).waitFor({ state: 'detached' });
}

/** Names of what is sent, in the order of the sources. */
const sentLabels = (guest: Guest): Promise<string[]> =>
  guest.page.evaluate(() => {
    const senders = window.openConnections.at(-1)?.getSenders() ?? [];
    return senders.flatMap(({ track }) => (track === null ? [] : [track.label]));
  });

/** More pictures, and sound if there is to be some, than at this moment. */
async function adaReceives(what: 'both' | 'pictures'): Promise<void> {
  const before = await ada.received();
  await eventually(
    () => ada.received(),
    ({ frames, energy }) => frames > before.frames + 2 && (what === 'pictures' || energy > before.energy),
  );
}

const busyText = (device: string): string => en.capture.in_use.replace('{{device}}', device);

describe('a camera and a microphone that another program uses', () => {
  let bob: Guest;

  it('are named at the door, where the other ones can be taken', async () => {
    bob = await Guest.arrive(browser, link, 'Bob', shareDevices);
    const { page } = bob;
    await page.getByText(busyText(en.capture.both)).waitFor();
    await pick(page, en.devices.camera, OTHER_CAMERA);
    await page.getByLabel(en.join.previewLabel).waitFor();
    await page.getByText(busyText(en.capture.microphone)).waitFor();
    await pick(page, en.devices.microphone, OTHER_MICROPHONE);
    await page.getByText(busyText(en.capture.microphone)).waitFor({ state: 'detached' });
    await bob.join();
    await ada.tileOf('Bob').locator('video').waitFor();
    await adaReceives('both');
    expect(await sentLabels(bob)).toEqual([OTHER_MICROPHONE, OTHER_CAMERA]);
  });

  it('leave those in use that work, and are used once they are free', async () => {
    const { page } = bob;
    const goesOn = (label: string) => page.getByText(live.device.busy.replace('{{label}}', label));
    await pickInMeeting(page, en.devices.cameraMenu, en.devices.camera, FIRST_CAMERA);
    await goesOn(OTHER_CAMERA).waitFor();
    await pickInMeeting(page, en.devices.soundMenu, en.devices.microphone, en.devices.default);
    await goesOn(OTHER_MICROPHONE).waitFor();
    await adaReceives('both');
    expect(await sentLabels(bob)).toEqual([OTHER_MICROPHONE, OTHER_CAMERA]);
    await occupy(bob);
    await pickInMeeting(page, en.devices.cameraMenu, en.devices.camera, FIRST_CAMERA);
    await pickInMeeting(page, en.devices.soundMenu, en.devices.microphone, en.devices.default);
    await eventually(
      () => sentLabels(bob),
      (labels) => labels.join() === [FIRST_MICROPHONE, FIRST_CAMERA].join(),
    );
    await adaReceives('both');
  });

  it('are not said to have stopped when they do not start, and another one starts', async () => {
    const { page } = bob;
    const camera = (name: string) => page.getByRole('toolbar').getByRole('button', { name, exact: true });
    await camera(en.devices.turnCameraOff).click();
    await ada.tileOf('Bob').locator('video').waitFor({ state: 'detached' });
    await occupy(bob, FIRST_CAMERA);
    await camera(en.devices.turnCameraOn).click();
    await page.getByText(busyText(en.capture.camera), { exact: true }).waitFor();
    await pickInMeeting(page, en.devices.cameraMenu, en.devices.camera, OTHER_CAMERA);
    await ada.tileOf('Bob').locator('video').waitFor();
    await adaReceives('pictures');
    expect(bob.errors).toEqual([]);
    await bob.leave();
  });
});

/**
 * Runs in the page, before the app: a camera that looks at the person, and one at the back that sees nothing but red. As
 * on most phones only one is open at a time.
 */
function haveTwoSides(): void {
  window.asked = [];
  const { mediaDevices } = navigator;
  const capture = mediaDevices.getUserMedia.bind(mediaDevices);
  let open: MediaStreamTrack | null = null;
  const lookAtRed = (): MediaStreamTrack => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const brush = canvas.getContext('2d');
    const [track] = canvas.captureStream().getVideoTracks();
    if (brush === null || track === undefined) throw new Error('no canvas');
    const paint = setInterval(() => {
      brush.fillStyle = '#d00000';
      brush.fillRect(0, 0, 640, 360);
      if (track.readyState === 'ended') clearInterval(paint);
    }, 200);
    return track;
  };
  mediaDevices.getUserMedia = async (constraints) => {
    if (typeof constraints?.video !== 'object') return capture(constraints);
    const wanted = constraints.video.facingMode as { ideal?: string } | undefined;
    const facingMode = wanted?.ideal ?? 'user';
    window.asked.push(facingMode);
    if (open?.readyState === 'live') throw new DOMException('one at a time', 'NotReadableError');
    const stream = facingMode === 'user' ? await capture(constraints) : new MediaStream([lookAtRed()]);
    const [track] = stream.getVideoTracks();
    if (track === undefined) return stream;
    open = track;
    const settings = track.getSettings.bind(track);
    track.getSettings = () => ({ ...settings(), facingMode });
    return stream;
  };
}

describe('a phone', () => {
  let kim: Guest;
  const tap = (name: string): Promise<void> => kim.page.getByRole('button', { name, exact: true }).tap();
  const isRed = async (): Promise<boolean | null> => {
    const corner = await cornerOf(ada.tileOf('Kim').locator('video'));
    return corner === null ? null : corner.red > corner.green + 60 && corner.red > corner.blue + 60;
  };
  const seesKimRed = (wanted: boolean): Promise<unknown> => eventually(isRed, (now) => now === wanted);

  it('comes in by taps, and has every control under the thumb', async () => {
    kim = await Guest.arriveByPhone(browser, link, 'Kim', haveTwoSides);
    const { page } = kim;
    await page.getByLabel(en.join.nameLabel).fill('Kim');
    await page.getByLabel(en.join.previewLabel).waitFor();
    await tap(en.join.go);
    await page.getByRole('toolbar').waitFor();
    await seesKimRed(false);
    const places = await page
      .getByRole('toolbar')
      .getByRole('button')
      .evaluateAll((buttons) =>
        buttons.flatMap((button) => {
          const { left, right, top, bottom, width, height } = button.getBoundingClientRect();
          if (width === 0) return [];
          const isReached = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
          return {
            name: button.getAttribute('aria-label'),
            isInside: left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight,
            isOnTop: button.contains(isReached),
            isLargeEnough: Math.min(width, height) >= 40,
          };
        }),
      );
    const { turnMicrophoneOff, turnCameraOff } = en.devices;
    const { chat, people, leave, hand } = en.meeting;
    const names = places.map(({ name }) => name);
    for (const name of [turnMicrophoneOff, turnCameraOff, chat, people, leave, hand, en.more.title])
      expect(names).toContain(name);
    for (const place of places)
      expect(place).toMatchObject({ isInside: true, isOnTop: true, isLargeEnough: true });
    const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(scrolls).toBe(false);
  });

  it('opens the chat, where a word is written, and the list of people', async () => {
    const { page } = kim;
    await tap(en.meeting.chat);
    const write = page.getByRole('textbox', { name: en.chat.label });
    await write.tap();
    await write.fill('From the train');
    await tap(en.chat.send);
    await ada.page.getByRole('button', { name: 'Chat, 1 new message' }).waitFor();
    await tap(en.meeting.close);
    await tap(en.meeting.people);
    await page.getByRole('complementary').getByText('Ada').first().waitFor();
    await tap(en.meeting.close);
    await page.getByRole('complementary').waitFor({ state: 'detached' });
  });

  it('has the menu of somebody under a finger that rests', async () => {
    const { page } = kim;
    const { x = 0, y = 0, width = 0, height = 0 } = (await kim.tileOf('Ada').boundingBox()) ?? {};
    const session = await page.context().newCDPSession(page);
    const touchPoints = [{ x: x + width / 2, y: y + height / 2 }];
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
    const menu = page.getByRole('menu', { name: en.meeting.actionsFor.replace('{{name}}', 'Ada') });
    await menu.waitFor();
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await session.detach();
    await menu.getByRole('menuitem', { name: en.people.pin }).tap();
    await menu.waitFor({ state: 'detached' });
    await page
      .getByRole('button', { name: en.meeting.unpin.replace('{{name}}', 'Ada') })
      .first()
      .waitFor();
  });

  it('shows the others what is in front of it, and whoever holds it again', async () => {
    const flip = async (): Promise<void> => {
      await tap(en.more.title);
      await kim.page.getByRole('menuitem', { name: live.flip }).tap();
    };
    expect(await kim.page.evaluate(() => window.asked)).toEqual(['user']);
    await flip();
    await seesKimRed(true);
    await adaReceives('pictures');
    await flip();
    await seesKimRed(false);
    await adaReceives('pictures');
    expect(await kim.page.evaluate(() => window.asked)).toEqual(['user', 'environment', 'user']);
    expect([...kim.errors, ...ada.errors]).toEqual([]);
  });
});
