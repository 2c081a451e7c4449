/**
 * Three people who do whatever comes to mind, each at their own pace: in the end all of them see the same meeting.
 *
 * `PARLEY_SEED` chooses another walk, `PARLEY_ROUNDS` a longer one.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { launchCrowded } from './support/browser.ts';
import { Guest } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';
import { eventually } from './support/person.ts';

const isSlow = process.env['PARLEY_SLOW'] === '1';
const SEED = Number(process.env['PARLEY_SEED'] ?? 1);
const ROUNDS = Number(process.env['PARLEY_ROUNDS'] ?? 20);
const ACTS = 5;
const WIDE = { width: 1280, height: 720 };
const MICROPHONE = new RegExp(`^(${en.devices.turnMicrophoneOn}|${en.devices.turnMicrophoneOff})$`);

/** What somebody has chosen for their own devices. */
interface Standing {
  isHeard: boolean;
  isSeen: boolean;
}

let lines = 0;

class Wanderer {
  readonly guest: Guest;
  readonly standing: Standing = { isHeard: true, isSeen: true };
  readonly done: string[] = [];
  isSharing = false;
  /** A meeting that all have left begins anew: one of them stays. */
  readonly #stays: boolean;
  readonly #random: () => number;

  constructor(guest: Guest, seed: number, stays: boolean) {
    this.guest = guest;
    this.#stays = stays;
    this.#random = mulberry32(seed);
  }

  async act(): Promise<void> {
    const acts = Object.entries(this.#acts);
    const [name, act] = acts[Math.floor(this.#random() * acts.length)] ?? [];
    this.done.push(String(name));
    await act?.();
  }

  readonly #acts: Readonly<Record<string, () => Promise<void>>> = {
    microphone: async () => {
      await this.#press('Control+d');
      this.standing.isHeard = !this.standing.isHeard;
    },
    camera: async () => {
      await this.#press('Control+e');
      this.standing.isSeen = !this.standing.isSeen;
    },
    hand: () => this.#press('Control+Alt+h'),
    chat: () => this.#press('Control+Alt+c'),
    write: async () => {
      await this.openChat();
      lines += 1;
      await this.guest.page.getByRole('textbox', { name: en.chat.label }).fill(`Line ${String(lines)}`);
      await this.#press('Enter');
    },
    share: async () => {
      // One alone shares, so that nobody has to be asked for their place.
      if (!this.#stays) return;
      await this.#press('Control+Alt+s');
      this.isSharing = !this.isSharing;
      const stop = this.guest.page.getByRole('button', { name: en.meeting.stopShare }).first();
      await stop.waitFor({ state: this.isSharing ? 'visible' : 'detached' });
    },
    reaction: async () => {
      await this.guest.page.setViewportSize(WIDE);
      await this.guest.press(en.meeting.reactions);
      await this.guest.page
        .getByRole('dialog', { name: en.meeting.reactions })
        .getByRole('button')
        .last()
        .click();
      await this.#press('Escape');
    },
    people: () => this.#press('Control+Alt+p'),
    layout: async () => {
      await this.guest.press(en.more.title);
      const layouts = this.guest.page.getByRole('menuitemradio');
      await layouts.nth(Math.floor(this.#random() * 3)).click();
    },
    window: async () => {
      const width = 360 + Math.floor(this.#random() * 1000);
      await this.guest.page.setViewportSize({ width, height: 600 + Math.floor(this.#random() * 300) });
    },
    socket: () =>
      this.guest.page.evaluate(() => {
        window.openSockets.at(-1)?.close();
      }),
    network: async () => {
      await this.guest.page.context().setOffline(true);
      await this.guest.page.getByText(en.meeting.offline).waitFor();
      await this.guest.page.context().setOffline(false);
    },
    again: async () => {
      if (this.#stays) return;
      await this.guest.press(en.meeting.leave);
      await this.guest.press(en.left.rejoin);
      await this.#enter();
    },
    reload: async () => {
      if (this.#stays) return;
      await this.guest.page.reload();
      await this.#enter();
    },
  };

  async openChat(): Promise<void> {
    const field = this.guest.page.getByRole('textbox', { name: en.chat.label });
    if (!(await field.isVisible())) await this.#press('Control+Alt+c');
    await field.waitFor();
  }

  /** Through the door with the choices of the last time. */
  async #enter(): Promise<void> {
    this.isSharing = false;
    if (this.standing.isSeen) await this.guest.page.getByLabel(en.join.previewLabel).waitFor();
    await this.guest.press(en.join.go);
    await this.guest.page.getByRole('button', { name: en.meeting.leave }).waitFor();
  }

  #press(keys: string): Promise<void> {
    return this.guest.page.keyboard.press(keys);
  }
}

/** Numbers from 0 to 1 that are the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

let browser: Browser;
let parley: Parley;
let wanderers: readonly Wanderer[];

beforeAll(async () => {
  [parley, browser] = await Promise.all([startParley(), launchCrowded()]);
  const ada = await Guest.start(browser, parley.url, 'Ada');
  await ada.join();
  const others = [];
  for (const name of ['Bob', 'Cleo']) {
    const guest = await Guest.arrive(browser, ada.page.url(), name);
    await guest.join();
    others.push(guest);
  }
  wanderers = [ada, ...others].map((guest, index) => new Wanderer(guest, 100 * SEED + index, index === 0));
});

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

/** What one person sees of another. */
async function seen(
  by: Guest,
  name: string,
): Promise<Standing & { readonly count: number; readonly hasHand: boolean }> {
  const tile = by.page.getByRole('article', { name: new RegExp(`^${name}\\b`) });
  const label = (await tile.first().getAttribute('aria-label')) ?? '';
  return {
    count: await tile.count(),
    isHeard: !label.includes(en.meeting.muted),
    isSeen: (await tile.locator('video').count()) > 0,
    hasHand: (await tile.getByRole('img', { name: en.meeting.handRaised }).count()) > 0,
  };
}

/** How many pictures of somebody have been shown. */
const shown = (by: Guest, name: string): Promise<number> =>
  by
    .tileOf(name)
    .locator('video')
    .first()
    .evaluate((video: HTMLVideoElement) => video.getVideoPlaybackQuality().totalVideoFrames);

/** What somebody reads in the chat, own lines on their way left out. */
async function read(by: Wanderer): Promise<string> {
  await by.openChat();
  const texts = await by.guest.page
    .getByRole('complementary')
    .locator('.line:not(.unsent) > p')
    .allTextContents();
  return texts.join(', ');
}

/** What one sees of another who stands so; fails with what everybody did. */
async function agree(by: Wanderer, of: Wanderer): Promise<void> {
  const both = async (): Promise<readonly [string, string]> => {
    // A hand goes down by itself once its owner has had the word.
    const hasHand = (await of.guest.page.getByRole('button', { name: en.meeting.lowerHand }).count()) > 0;
    const now = await seen(by.guest, of.guest.name);
    return [JSON.stringify(now), JSON.stringify({ count: 1, ...of.standing, hasHand })];
  };
  await eventually(both, ([now, wanted]) => now === wanted);
  if (!of.standing.isSeen) return;
  const before = await shown(by.guest, of.guest.name);
  await eventually(
    () => shown(by.guest, of.guest.name),
    (frames) => frames > before,
  );
}

/** What one sees of the meeting as it is for those who make it. */
async function see(by: Wanderer): Promise<void> {
  const own = by.guest.page.getByRole('toolbar').getByRole('button', { name: MICROPHONE });
  const wanted = by.standing.isHeard ? en.devices.turnMicrophoneOff : en.devices.turnMicrophoneOn;
  expect(await own.getAttribute('aria-label')).toBe(wanted);
  for (const of of wanderers) if (of !== by) await agree(by, of);
  const screens = wanderers.filter((one) => one.isSharing).length;
  const screen = by.guest.page.getByRole('article', { name: /^Screen of/ });
  await eventually(
    () => screen.count(),
    (count) => count === screens,
  );
  expect(by.guest.errors).toEqual([]);
  expect(by.guest.outside.findings).toEqual([]);
}

async function readTheSame(): Promise<void> {
  const readings = await eventually(
    () => Promise.all(wanderers.map(read)),
    (read) => new Set(read).size === 1,
  );
  const texts = readings[0]?.split(', ') ?? [];
  expect(new Set(texts).size).toBe(texts.length);
}

describe.runIf(isSlow)('people who do as they like', () => {
  it.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))('agree after round %i', async () => {
    const walk = async (one: Wanderer): Promise<void> => {
      for (let act = 0; act < ACTS; act += 1) await one.act();
    };
    try {
      await Promise.all(wanderers.map(walk));
      // In a small window a panel covers everybody.
      for (const { guest } of wanderers) await guest.page.setViewportSize(WIDE);
      for (const one of wanderers) await see(one);
      await readTheSame();
    } catch (cause) {
      const told = wanderers.map(async ({ guest, done }) => {
        const shows = await guest.page.locator('body').innerText();
        return `${guest.name}: ${done.join(' ')}, and reads:\n${shows}`;
      });
      throw new Error((await Promise.all(told)).join('\n\n'), { cause });
    }
  });
});
