/** One visit in ways that are not the usual one: by keyboard alone, in two tabs, without sound, without a device. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { launchCrowded } from './support/browser.ts';
import { Guest } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';

let browser: Browser;
let parley: Parley;
let link: string;
let ada: Guest;

declare global {
  interface Window {
    captured: MediaStreamTrack[];
    shifted: number;
    isSoundAllowed: boolean;
    areDevicesGone: boolean;
  }
}

beforeAll(async () => {
  parley = await startParley();
  link = `${parley.url}/m/${await parley.createMeeting('Visits')}`;
  browser = await launchCrowded();
  ada = await Guest.arrive(browser, link, 'Ada');
  await ada.join();
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

/** How a screen reader calls what has the keyboard. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const active = document.activeElement;
    const label = active instanceof HTMLInputElement ? active.labels?.[0]?.textContent : undefined;
    return active?.getAttribute('aria-label') ?? label ?? active?.textContent ?? '';
  });

/** Presses a key until what it leads to is found; fails after a whole round. */
async function go(page: Page, key: string, name: string | RegExp): Promise<void> {
  const isThere = (now: string): boolean => (typeof name === 'string' ? now === name : name.test(now));
  const seen: string[] = [];
  for (let presses = 0; presses < 40; presses += 1) {
    const now = await focused(page);
    if (isThere(now)) return;
    seen.push(now);
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not lead to ${String(name)}, but to ${seen.join(' | ')}`);
}

/** How far things moved that nobody touched, as browsers count it: https://web.dev/articles/cls calls 0.1 good. */
const watchShifts = (): void => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
    })[])
      if (!entry.hadRecentInput) window.shifted += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
};

/** Devices are told once the door has been drawn without them, as by a browser that takes its time. */
const listDevicesLate = (): void => {
  const devices = navigator.mediaDevices;
  const list = devices.enumerateDevices.bind(devices);
  const drawn = new Promise<void>((resolve) => {
    const look = (): void => {
      if (document.querySelector('.pickers') === null) requestAnimationFrame(look);
      else
        requestAnimationFrame(() => {
          requestAnimationFrame(() => {
            resolve();
          });
        });
    };
    requestAnimationFrame(look);
  });
  devices.enumerateDevices = () => drawn.then(list);
};

describe('a page that loads', () => {
  it('does not jump at the door, nor in the meeting behind it', async () => {
    const lea = await Guest.arrive(browser, link, 'Lea', watchShifts, listDevicesLate);
    // Higher than the door is, so that what it grows by moves all of it.
    await lea.page.setViewportSize({ width: 1280, height: 1000 });
    await lea.page.reload();
    await lea.page.getByLabel(en.join.previewLabel).waitFor();
    await lea.join();
    await eventually(
      () => lea.received(),
      ({ frames }) => frames > 10,
    );
    expect(await lea.page.evaluate(() => window.shifted)).toBeLessThan(0.1);
    await lea.page.context().close();
  });
});

describe('a visit by keyboard alone', () => {
  it('joins, mutes, writes, looks who is there, and leaves', async () => {
    const { page } = await Guest.arrive(browser, link, 'Kim');
    await page.getByLabel(en.join.nameLabel).waitFor();
    await go(page, 'Tab', en.join.nameLabel);
    await page.keyboard.type('Kim');
    await page.getByLabel(en.join.previewLabel).waitFor();
    await go(page, 'Tab', en.join.go);
    await page.keyboard.press('Enter');
    await ada.tileOf('Kim').waitFor();

    await page.getByRole('toolbar').waitFor();
    await go(page, 'Tab', en.devices.turnMicrophoneOff);
    await page.keyboard.press('Space');
    await ada.page.getByRole('article', { name: `Kim, ${en.meeting.muted}` }).waitFor();
    await page.keyboard.press('Control+d');
    await page.getByRole('button', { name: en.devices.turnMicrophoneOff, exact: true }).waitFor();

    // One stop for the tab key: the next one is outside, and coming back finds the same control.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('[role="toolbar"]') ?? null)).toBeNull();
    await page.keyboard.press('Shift+Tab');
    await go(page, 'ArrowRight', en.meeting.chat);
    await page.keyboard.press('Enter');
    await eventually(
      () => focused(page),
      (name) => name === en.chat.label,
    );
    await page.keyboard.type('By keyboard');
    await page.keyboard.press('Enter');
    await ada.page.getByRole('button', { name: 'Chat, 1 new message' }).waitFor();
    await page.keyboard.press('Escape');
    await eventually(
      () => focused(page),
      (name) => name === en.meeting.chat,
    );

    await go(page, 'ArrowRight', en.meeting.people);
    await page.keyboard.press('Enter');
    await eventually(
      () => focused(page),
      (name) => name === en.people.search,
    );
    await page.keyboard.press('Escape');
    await eventually(
      () => focused(page),
      (name) => name === en.meeting.people,
    );

    await go(page, 'ArrowRight', en.meeting.leave);
    await page.keyboard.press('Enter');
    await page.getByText(en.left.left.title).waitFor();
    await ada.tileOf('Kim').waitFor({ state: 'detached' });
    await page.context().close();
  });
});

describe('one identity in two tabs', () => {
  it('is where it was opened last, and the other tab says so', async () => {
    const first = await Guest.arrive(browser, link, 'Tom');
    await first.join();
    // What a duplicated tab begins with.
    const kept = await first.page.evaluate(() => Object.entries(sessionStorage) as [string, string][]);
    const second = await first.page.context().newPage();
    await second.addInitScript((entries) => {
      for (const [key, value] of entries) sessionStorage.setItem(key, value);
    }, kept);
    await second.goto(link);
    await second.getByLabel(en.join.nameLabel).fill('Tom');
    await second.getByRole('button', { name: en.join.go }).click();
    await second.getByRole('button', { name: en.meeting.leave }).waitFor();
    await first.page.getByText(en.left.replaced.title).waitFor();
    expect(await ada.tileOf('Tom').count()).toBe(1);
    await first.leave();
    await ada.page.getByRole('article', { name: /Tom/ }).waitFor({ state: 'detached' });
  });
});

describe('a token that runs out', () => {
  it('on the way to the node is replaced by a fresh one', async () => {
    const guest = await Guest.arrive(browser, link, 'Uma');
    let joins = 0;
    await guest.page.route('**/join', async (route) => {
      const answer = await route.fetch();
      const body = (await answer.json()) as { token: string };
      joins += 1;
      // The signature no longer fits, as after a rotation of keys that the node has not heard of.
      const json = joins === 1 ? { ...body, token: `${body.token.slice(0, -6)}AAAAAA` } : body;
      await route.fulfill({ response: answer, json });
    });
    await guest.join();
    expect(joins).toBe(2);
    await guest.leave();
  });

  it('of a sign-in is said in plain words', async () => {
    const guest = await Guest.arrive(browser, link, 'Vic');
    await guest.page.route('**/join', (route) =>
      route.fulfill({ status: 401, json: { code: 'unauthorized', status: 401, title: 'Unauthorized' } }),
    );
    await guest.page.getByLabel(en.join.nameLabel).fill('Vic');
    await guest.press(en.join.go);
    await guest.page.getByText(en.notice.unauthorized.title).waitFor();
    await guest.leave();
  });
});

describe('a browser that holds the sound back', () => {
  it('asks for a click, and is heard after it', async () => {
    const guest = await Guest.arrive(browser, link, 'Wim', () => {
      window.isSoundAllowed = false;
      const play = HTMLAudioElement.prototype.play;
      HTMLAudioElement.prototype.play = function refuse(this: HTMLMediaElement) {
        if (window.isSoundAllowed) return play.call(this);
        this.pause();
        return Promise.reject(new DOMException('a click is needed', 'NotAllowedError'));
      };
    });
    await guest.join();
    await guest.page.getByText(en.meeting.audioBlocked).waitFor();
    await guest.page.evaluate(() => (window.isSoundAllowed = true));
    await guest.press(en.meeting.playAudio);
    await guest.page.getByText(en.meeting.audioBlocked).waitFor({ state: 'detached' });
    await eventually(
      () => guest.page.evaluate(() => [...document.querySelectorAll('audio')].every(({ paused }) => !paused)),
      (isPlaying) => isPlaying,
    );
    await guest.leave();
  });
});

/** Runs in the page: keeps what is captured, and lets the devices be unplugged. */
function keepCaptured(): void {
  window.captured = [];
  window.areDevicesGone = false;
  const { mediaDevices } = navigator;
  const capture = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    if (window.areDevicesGone) throw new DOMException('Requested device not found', 'NotFoundError');
    const stream = await capture(constraints);
    window.captured.push(...stream.getTracks());
    return stream;
  };
}

describe('a device that vanishes', () => {
  const unplug = (guest: Guest, areAllGone: boolean): Promise<void> =>
    guest.page.evaluate((gone) => {
      window.areDevicesGone = gone;
      const microphone = window.captured.findLast(
        ({ kind, readyState }) => kind === 'audio' && readyState === 'live',
      );
      microphone?.stop();
      microphone?.dispatchEvent(new Event('ended'));
    }, areAllGone);

  it('is replaced by another one, and said; without another one that is said', async () => {
    const guest = await Guest.arrive(browser, link, 'Xia', keepCaptured);
    await guest.join();
    await unplug(guest, false);
    await guest.page.getByText(/is used now, because the other device is gone/).waitFor();
    await guest.page.getByRole('button', { name: en.devices.turnMicrophoneOff, exact: true }).waitFor();
    await unplug(guest, true);
    await guest.page.getByText(/The microphone stopped: No microphone found/).waitFor();
    await ada.page.getByRole('article', { name: `Xia, ${en.meeting.muted}` }).waitFor();
    expect(guest.errors).toEqual([]);
    await guest.leave();
  });
});

describe('a small window', () => {
  it('opens with who is there, mutes, and is gone with the meeting', async () => {
    const guest = await Guest.arrive(browser, link, 'Yan');
    await guest.join();
    await guest.press(en.more.title);
    await guest.page.getByRole('menuitem', { name: 'Open in a small window' }).click();
    const small = <Result>(look: (page: Document) => Result): Promise<Result> =>
      guest.page.evaluate<Result>(`(${look.toString()})(documentPictureInPicture.window.document)`);
    await guest.page.waitForFunction(
      'documentPictureInPicture.window?.document.querySelector("article") != null',
    );
    expect(await small((page) => page.querySelector('article')?.getAttribute('aria-label'))).toMatch(/Ada/);
    await small((page) => {
      page.querySelector<HTMLButtonElement>('.control')?.click();
    });
    await ada.page.getByRole('article', { name: `Yan, ${en.meeting.muted}` }).waitFor();
    await small((page) => {
      page.querySelector<HTMLButtonElement>('.control.leave')?.click();
    });
    await guest.page.getByText(en.left.left.title).waitFor();
    expect(guest.outside.findings).toEqual([]);
    await guest.leave();
  });
});
