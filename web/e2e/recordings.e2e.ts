/** A meeting that is recorded and watched, in a real browser against a whole Parley: from the button to a link for others. */
import { mkdirSync, statSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { en } from '../src/ui/en.ts';
import { en as recordings } from '../src/ui/languages/recordings/en.ts';
import { findingsOf } from './support/axe.ts';
import { launchChromium } from './support/browser.ts';
import { Guest } from './support/guest.ts';
import { startParley, type Parley } from './support/parley.ts';

const isSlow = process.env['PARLEY_SLOW'] === '1';
/** A folder for pictures of each screen; none are taken without it. */
const PICTURES = process.env['PARLEY_PICTURES'];
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
/** Recorder, queue and composer do their work on a machine that may do much else. */
const PATIENCE_MS = 120_000;
const WHOLE_MS = 400_000;
/** Of a recording whose film has a first minute long before it is whole. */
const LONG_MS = 110_000;

let parley: Parley;
let browser: Browser;

beforeAll(async () => {
  if (!isSlow) return;
  [parley, browser] = await Promise.all([startParley(), launchChromium()]);
  if (PICTURES !== undefined) mkdirSync(PICTURES, { recursive: true });
}, 360_000);

afterAll(async () => {
  if (!isSlow) return;
  await browser.close();
  await parley.stop();
});

/** No finding on the page as it stands, large and small, light and dark; pictures where they are wanted. */
async function look(page: Page, name: string): Promise<void> {
  const screens = [
    ['light', DESKTOP],
    ['dark', DESKTOP],
    ['phone', PHONE],
  ] as const;
  for (const [kind, size] of screens) {
    await page.setViewportSize(size);
    await page.evaluate(
      (theme) => {
        document.documentElement.dataset['theme'] = theme;
      },
      kind === 'dark' ? 'dark' : 'light',
    );
    await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
    if (PICTURES !== undefined) {
      await page.screenshot({ path: `${PICTURES}/${name}-${kind}.png`, fullPage: true });
    }
    expect([name, kind, ...(await findingsOf(page))]).toEqual([name, kind]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([name, kind, overflow]).toEqual([name, kind, 0]);
  }
  await page.setViewportSize(DESKTOP);
}

const nowOf = (page: Page): Promise<number> =>
  page.locator('video').evaluate((video: HTMLVideoElement) => video.currentTime);

it.runIf(isSlow)(
  'is recorded, watched, taken apart and handed on by link',
  async () => {
    const ada = await Guest.start(browser, parley.url, 'Ada');
    const { page } = ada;
    await ada.join();
    await ada.press(recordings.record);
    await page.getByText(recordings.notice).waitFor();
    const layouts = page.getByLabel(recordings.layout);
    await layouts.selectOption('grid');
    await expect.poll(() => layouts.inputValue()).toBe('grid');
    await look(page, 'recording-meeting');
    const bob = await Guest.arrive(browser, page.url(), 'Bob');
    await bob.page.getByText(recordings.noticeBefore).waitFor();
    await bob.leave();
    await ada.press(recordings.stop);
    await page.getByText(recordings.notice).waitFor({ state: 'detached' });

    await page.goto(`${parley.url}/recordings`);
    const row = page.getByRole('link', { name: new RegExp(recordings.state.ready) });
    await page.getByRole('heading', { level: 1, name: recordings.title }).waitFor();
    await look(page, 'recordings-at-once');
    await row.waitFor({ timeout: PATIENCE_MS });
    await look(page, 'recordings-list');
    await row.click();
    const play = page.getByRole('button', { name: recordings.play, exact: true });
    await play.waitFor();
    await play.click();
    await expect.poll(() => nowOf(page), { timeout: PATIENCE_MS }).toBeGreaterThan(0.3);
    await page.getByLabel(recordings.speed).selectOption('2');
    expect(await page.locator('video').evaluate((video: HTMLVideoElement) => video.playbackRate)).toBe(2);
    await page.getByRole('navigation', { name: recordings.chapters }).waitFor();
    await page.getByRole('button', { name: recordings.pause, exact: true }).click();
    await page.getByRole('slider').hover();
    await page.locator('.seek-picture').waitFor();
    await look(page, 'recording-page');

    await ada.press(recordings.downloadTracks);
    const track = page.getByRole('button', { name: new RegExp(`${recordings.sources.camera} of Ada`) });
    await track.first().waitFor({ timeout: PATIENCE_MS });
    const [file] = await Promise.all([page.waitForEvent('download'), track.first().click()]);
    expect(statSync(await file.path()).size).toBeGreaterThan(1_000);

    await ada.press(recordings.linkMake);
    const link = await page.getByLabel(recordings.linkMade).inputValue();
    await look(page, 'recording-shared');

    const stranger = await (await browser.newContext({ viewport: DESKTOP })).newPage();
    await stranger.goto(link);
    await stranger.getByRole('button', { name: recordings.play, exact: true }).click();
    await expect.poll(() => nowOf(stranger), { timeout: PATIENCE_MS }).toBeGreaterThan(0.3);
    await look(stranger, 'recording-by-link');

    const takeBack = new RegExp(`^${recordings.linkTakeBack.split('{{')[0] ?? ''}`);
    await page.getByRole('button', { name: takeBack }).click();
    await page.getByRole('button', { name: takeBack }).waitFor({ state: 'detached' });
    await stranger.reload();
    await stranger.getByText(recordings.linkOver).waitFor();
    await look(stranger, 'recording-link-over');
    expect(ada.errors).toEqual([]);
    await stranger.context().close();
    await ada.leave();
  },
  WHOLE_MS,
);

it.runIf(isSlow)(
  'is watched while its film is being made, and goes on in the whole film',
  async () => {
    const ada = await Guest.start(browser, parley.url, 'Ada');
    const { page } = ada;
    await ada.join();
    await ada.press(recordings.record);
    await page.getByText(recordings.notice).waitFor();
    // When it began is in the answers of the API a moment later: the node tells.
    const began = Date.now();
    const { items } = await parley.call('GET', '/recordings');
    const [{ id }] = items as [{ id: string }];
    // A film is made minute by minute: a whole one, and a rest.
    const isLong = (): boolean => Date.now() - began > LONG_MS;
    await expect.poll(isLong, { timeout: 2 * LONG_MS }).toBe(true);
    await ada.press(recordings.stop);
    await page.getByText(recordings.notice).waitFor({ state: 'detached' });

    await page.goto(`${parley.url}/recordings/${id}`);
    const beginning = page.getByText(recordings.growing.split('{{')[0] ?? '');
    await beginning.waitFor({ timeout: PATIENCE_MS });
    const video = page.locator('video');
    const endOf = (): Promise<number> => video.evaluate((one: HTMLVideoElement) => one.duration);
    const first = await endOf();
    expect(first).toBeGreaterThan(59);
    await page.getByLabel(recordings.speed).selectOption('0.5');
    await page.getByRole('button', { name: recordings.play, exact: true }).click();
    await video.evaluate((one: HTMLVideoElement) => (one.currentTime = 40));
    await expect.poll(() => nowOf(page), { timeout: PATIENCE_MS }).toBeGreaterThan(40.3);
    await look(page, 'recording-growing');
    expect(await beginning.count()).toBe(1);

    await page.getByText(recordings.state.ready, { exact: true }).waitFor({ timeout: PATIENCE_MS });
    await beginning.waitFor({ state: 'detached' });
    await expect.poll(() => video.getAttribute('src')).toMatch(/\.mp4\?/);
    await expect.poll(() => nowOf(page), { timeout: PATIENCE_MS }).toBeGreaterThan(40.3);
    expect(await endOf()).toBeGreaterThan(LONG_MS / 1000 - 10);
    const how = (one: HTMLVideoElement) => ({ paused: one.paused, rate: one.playbackRate });
    expect(await video.evaluate(how)).toEqual({ paused: false, rate: 0.5 });
    expect(ada.errors).toEqual([]);
    await ada.leave();
  },
  WHOLE_MS,
);

it.runIf(isSlow)(
  'says why nothing came of a recording',
  async () => {
    const ada = await Guest.start(browser, parley.url, 'Ada');
    const { page } = ada;
    await ada.press(en.devices.turnMicrophoneOff);
    await ada.press(en.devices.turnCameraOff);
    await page.getByLabel(en.join.nameLabel).fill('Ada');
    await ada.press(en.join.go);
    await ada.press(recordings.record);
    await page.getByText(recordings.notice).waitFor();
    await ada.press(recordings.stop);
    await page.getByText(recordings.notice).waitFor({ state: 'detached' });
    await page.goto(`${parley.url}/recordings`);
    const row = page.getByRole('link', { name: new RegExp(recordings.state.failed) });
    await row.waitFor({ timeout: PATIENCE_MS });
    await look(page, 'recordings-list-failed');
    await row.click();
    await page.getByText(recordings.reason.nothing_recorded).waitFor();
    await look(page, 'recording-of-nothing');
    expect(ada.errors).toEqual([]);
    await ada.leave();
  },
  WHOLE_MS,
);
