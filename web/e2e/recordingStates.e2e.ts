/** The pages of recordings in each state that one can be in, and for each who may do other things with it. */
import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { en as frame } from '../src/ui/languages/frame/en.ts';
import { en as recordings } from '../src/ui/languages/recordings/en.ts';
import { findingsOf } from './support/axe.ts';
import { launchChromium } from './support/browser.ts';
import { startParley, type Parley } from './support/parley.ts';

/** A folder for pictures of each screen; none are taken without it. */
const PICTURES = process.env['PARLEY_PICTURES'];
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
const WAIT_MS = 45_000;
const EVERYTHING = ['open', 'compose', 'keep', 'share', 'link', 'delete', 'log'];

interface Shown {
  readonly fields: object;
  /** Words that are on its page. */
  readonly says: readonly string[];
  /** The buttons of its page, but for the player's. */
  readonly offers: readonly string[];
}

const KEEPING = [recordings.forGood, recordings.share];
const going = (state: string, fields: object = {}): object => ({
  state,
  durationSeconds: null,
  bytes: null,
  storageClass: null,
  retainUntil: null,
  actions: ['open', 'control', 'keep', 'share', 'link', 'log'],
  ...fields,
});

const states: Readonly<Record<string, Shown>> = {
  starting: { fields: going('starting'), says: [recordings.state.starting], offers: [] },
  recording: { fields: going('recording'), says: [recordings.state.recording], offers: [] },
  degraded: {
    fields: going('degraded', { reason: 'storage_unavailable' }),
    says: [recordings.state.degraded, recordings.reason.storage_unavailable],
    offers: [],
  },
  paused: { fields: going('paused'), says: [recordings.state.paused, recordings.later], offers: [] },
  stopping: { fields: going('stopping'), says: [recordings.state.stopping], offers: [] },
  processing: {
    fields: going('processing', { progress: 0.42 }),
    says: [recordings.state.processing, recordings.soon],
    offers: [],
  },
  failed: {
    fields: { state: 'failed', reason: 'given_up', durationSeconds: null, bytes: null },
    says: [recordings.state.failed, recordings.reason.given_up],
    offers: [recordings.compose, recordings.downloadTracks, ...KEEPING, recordings.delete],
  },
  nothing: {
    fields: {
      ...{ state: 'failed', reason: 'nothing_recorded', durationSeconds: null, bytes: null },
      ...{ recordedBytes: 0, storageClass: null, actions: ['keep', 'delete', 'log'] },
    },
    says: [recordings.state.failed, recordings.reason.nothing_recorded],
    offers: [recordings.delete],
  },
  archived: {
    fields: { storageClass: 'archive' },
    says: [recordings.state.ready, recordings.archived],
    offers: [
      ...[recordings.download, recordings.downloadTracks, ...KEEPING],
      ...[recordings.linkMake, recordings.delete],
    ],
  },
  joining: {
    fields: {
      compositions: [{ id: 'job_1', kind: 'tracks', state: 'running', progress: 0.4, reason: null }],
      actions: EVERYTHING.filter((one) => one !== 'delete'),
    },
    says: [recordings.tracksProgress.replace('{{percent}}', '40')],
    offers: [...[recordings.download, ...KEEPING], recordings.linkMake],
  },
  held: {
    fields: { legalHold: true, actions: EVERYTHING.filter((one) => one !== 'delete') },
    says: [recordings.held],
    offers: [...[recordings.download, recordings.downloadTracks], ...[recordings.share, recordings.linkMake]],
  },
  'ready-for-whom-it-names': {
    fields: { actions: ['open'] },
    says: [recordings.state.ready],
    offers: [recordings.download],
  },
  'ready-for-operators': {
    fields: { actions: ['keep', 'hold', 'delete', 'log'] },
    says: [recordings.notToWatch],
    offers: [recordings.forGood, recordings.delete],
  },
  deleting: {
    fields: { state: 'deleting', actions: ['log'] },
    says: [recordings.state.deleting],
    offers: [],
  },
  deleted: {
    fields: { state: 'deleted', storageClass: null, actions: ['log'] },
    says: [recordings.state.deleted],
    offers: [],
  },
};
const ADA = `usr_${'a'.repeat(26)}`;
const LOG = {
  items: [
    [ADA, 'mp4', 'thumbnails'],
    [`lnk_${'b'.repeat(26)}`, 'hls'],
    [`usr_${'c'.repeat(26)}`, 'tracks'],
    [`key_${'d'.repeat(26)}`, 'trackFiles', 'manifest'],
  ].map(([by, ...kinds], index) => ({
    at: `2026-11-28T1${String(9 - index)}:00:00Z`,
    by,
    kinds,
    requestId: by,
  })),
  nextCursor: 'more',
};
const names = Object.keys(states);
/** As the API makes them: the last letter tells which. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const idOf = (name: string): string => `rec_${'a'.repeat(25)}${LETTERS.charAt(names.indexOf(name))}`;

function recordingOf(name: string, index = names.indexOf(name)): object {
  return {
    ...{
      id: idOf(name),
      meeting: 'mtg_1',
      title: index % 3 === 2 ? null : 'Weekly design review',
      state: 'ready',
      reason: null,
      detail: null,
      progress: 1,
    },
    requestedAt: `2026-11-${String(28 - index).padStart(2, '0')}T12:00:00Z`,
    startedAt: `2026-11-${String(28 - index).padStart(2, '0')}T12:00:01Z`,
    ...{ durationSeconds: 3723, bytes: 310_000_000, recordedBytes: 900_000_000, storageClass: 'standard' },
    ...{ retainUntil: '2027-11-23T12:00:00Z', legalHold: false, actions: EVERYTHING },
    access: { participants: false, users: [] },
    ...states[name]?.fields,
  };
}

let parley: Parley;
let browser: Browser;
let page: Page;
const errors: string[] = [];

/** What the API would answer, of a Parley in which all of this has happened. */
async function answer(): Promise<void> {
  const json = (body: unknown) => ({ contentType: 'application/json', body: JSON.stringify(body) });
  const listing = { items: names.map((name) => recordingOf(name)), nextCursor: null };
  await page.route('**/v1/recordings?*', (route) => route.fulfill(json(listing)));
  await page.route(/\/v1\/recordings\/rec_[^/?]+$/, (route) =>
    route.fulfill(json(recordingOf(names[LETTERS.indexOf(route.request().url().slice(-1))] ?? ''))),
  );
  await page.route('**/v1/recordings/*/links', (route) => route.fulfill(json({ items: [] })));
  const people = [{ id: 'par_1', displayName: 'Ada Lovelace', externalId: ADA }];
  await page.route('**/v1/meetings/mtg_1/participants*', (route) => route.fulfill(json({ items: people })));
  await page.route('**/v1/recordings/*/access-log*', (route) => route.fulfill(json(LOG)));
  const media = { expiresAt: '2100-01-01T00:00:00Z', mp4: { url: `${parley.url}/film.mp4` } };
  await page.route('**/v1/recordings/*/media*', (route) => route.fulfill(json(media)));
}

beforeAll(async () => {
  [parley, browser] = await Promise.all([startParley(), launchChromium()]);
  if (PICTURES !== undefined) mkdirSync(PICTURES, { recursive: true });
  const context = await browser.newContext({
    viewport: DESKTOP,
    locale: 'en-GB',
    timezoneId: 'UTC',
    // Requests in the moment in which a worker takes the page over reach the API past this test's answers.
    serviceWorkers: 'block',
  });
  page = await context.newPage();
  context.setDefaultTimeout(WAIT_MS);
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(`${parley.url}/recordings`);
  await page.getByRole('button', { name: frame.signInNow }).click();
  await page.getByRole('button', { name: 'Ada Lovelace' }).click();
  await page.waitForURL(`${parley.url}/recordings`);
  await answer();
}, 360_000);

afterAll(async () => {
  await browser.close();
  await parley.stop();
});

/** No finding on the page as it stands: large and small, light and dark, and from right to left. */
async function look(name: string): Promise<void> {
  const screens = [
    ['light', DESKTOP, 'ltr'],
    ['dark', DESKTOP, 'ltr'],
    ['phone', PHONE, 'ltr'],
    ['rtl', PHONE, 'rtl'],
  ] as const;
  for (const [kind, size, direction] of screens) {
    await page.setViewportSize(size);
    await page.evaluate(
      async ([theme, dir]) => {
        document.documentElement.dataset['theme'] = theme;
        document.documentElement.dir = dir;
        await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
      },
      [kind === 'dark' ? 'dark' : 'light', direction] as const,
    );
    if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${name}-${kind}.png` });
    expect([name, kind, ...(await findingsOf(page))]).toEqual([name, kind]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([name, kind, overflow]).toEqual([name, kind, 0]);
  }
}

it('are listed', async () => {
  await page.goto(`${parley.url}/recordings`);
  await page.getByRole('link', { name: new RegExp(recordings.state.degraded) }).waitFor();
  await look('recordings-states');
  expect(errors).toEqual([]);
});

it.each(names)('are shown with what can be done: %s', async (name) => {
  await page.goto(`${parley.url}/recordings/${idOf(name)}`);
  const main = page.getByRole('main');
  for (const words of states[name]?.says ?? []) await main.getByText(words, { exact: true }).waitFor();
  const player = page.locator('.film-controls, .film-chapters');
  const offered = (await main.getByRole('button').allTextContents()).filter((text) => text.trim() !== '');
  const ofPlayer = await player.getByRole('button').allTextContents();
  expect(offered.filter((text) => !ofPlayer.includes(text)).map((text) => text.trim())).toEqual(
    states[name]?.offers,
  );
  await look(`recording-${name}`);
  expect(errors).toEqual([]);
});

it('tell who opened them', async () => {
  await page.setViewportSize(DESKTOP);
  await page.goto(`${parley.url}/recordings/${idOf('ready-for-operators')}`);
  await page.getByText(recordings.log, { exact: true }).click();
  await page.getByText('Ada Lovelace', { exact: true }).waitFor();
  await page.getByText(recordings.logBy.link, { exact: true }).waitFor();
  await look('recording-log');
  expect(errors).toEqual([]);
});
