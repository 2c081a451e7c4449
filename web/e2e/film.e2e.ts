/**
 * What a Chromium sends is recorded, composed and held to the time in its pictures and sound: a camera as it is, sent
 * smaller, without its best layer, turned, muted, and beside a shared screen.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, servePages, type PageServer } from './support/browser.ts';
import { watched, type Kept, type Place } from './support/film.ts';
import { startParley, type Parley } from './support/parley.ts';
import { Person, eventually } from './support/person.ts';

const CAMERA = [640, 360] as const;
const STEPS_PER_SECOND = 100;
/** A picture of the film stands for 40 ms, the middle of which it shows. */
const HALF_PICTURE = 0.02;
/** Around each change pictures may be of before or after it: a keyframe has to come, a tile to change. */
const CHANGING_SECONDS = 1;
const SEGMENT_SECONDS = 2;
/** How much a picture may be early or late: as much as people notice, and one step of the counter. */
const MOST_OFF_STEPS = 5;
/** Of sound beside its picture, as a rule and from moment to moment; and behind a mute, before the browser has told more. */
const MOST_USUAL = 0.04;
const MOST_DRIFT = 0.04;
const MOST_SKEW = 0.1;
const LOWEST_HZ = 500;
const STEP_HZ = 100;

/** One part of the recording: what is done at its beginning, and where in the film the counter is then. */
interface Part {
  readonly name: string;
  readonly seconds: number;
  readonly place: Place | null;
  readonly begin?: () => Promise<void>;
}

let browser: Browser;
let parley: Parley;
let server: PageServer;
let ada: Person;
let kept: Kept;
/** Of each part, by the page's clock; its beginning has happened by then. */
const times: { readonly begin: number; readonly end: number }[] = [];
/** The page's time at the beginning of the film. */
let offset: number;

const parts: readonly Part[] = [
  { name: 'as it is', seconds: 3, place: 'alone' },
  { name: 'smaller, as a busy browser makes it', seconds: 3, place: 'alone', begin: () => resize(480, 270) },
  { name: 'without its best layer', seconds: 3, place: 'alone', begin: () => send(false) },
  { name: 'turned', seconds: 3, place: 'turned', begin: turn },
  { name: 'muted', seconds: 3, place: null, begin: () => mute(true) },
  { name: 'beside a screen', seconds: 4, place: 'beside', begin: share },
];

function resize(width: number, height: number): Promise<void> {
  return ada.page.evaluate(
    ([width, height]) => {
      window.counting.camera.resize(width, height);
    },
    [width, height] as const,
  );
}

/** The camera in its best layer, or in the one below: a browser goes from one to the other as its link allows. */
function send(isBest: boolean): Promise<void> {
  return ada.page.evaluate(async (isBest) => {
    const senders = window.peerConnections.at(-1)?.getSenders() ?? [];
    const camera = senders.find(({ track }) => track === window.counting.camera.track);
    const parameters = camera?.getParameters();
    const [, lower, best] = parameters?.encodings ?? [];
    if (camera === undefined || parameters === undefined || lower === undefined || best === undefined)
      throw new Error('the camera is not sent in layers');
    [lower.active, best.active] = [!isBest, isBest];
    await camera.setParameters(parameters);
  }, isBest);
}

/** Frames of the camera's best layer that were sent. */
function sentFrames(): Promise<number> {
  return ada.page.evaluate(async () => {
    const report = (await window.peerConnections.at(-1)?.getStats()) as
      ReadonlyMap<string, Record<string, unknown>> | undefined;
    const sent = [...(report?.values() ?? [])].find(
      (entry) => entry['type'] === 'outbound-rtp' && entry['rid'] === 'f',
    );
    return Number(sent?.['framesSent'] ?? 0);
  });
}

async function turn(): Promise<void> {
  await send(true);
  await resize(CAMERA[1], CAMERA[0]);
}

function mute(isMuted: boolean): Promise<void> {
  return ada.page.evaluate((isMuted) => {
    window.meeting.setMuted('camera', isMuted);
    window.meeting.setMuted('microphone', isMuted);
  }, isMuted);
}

async function share(): Promise<void> {
  await resize(...CAMERA);
  await mute(false);
  await ada.page.evaluate(() => window.meeting.shareScreen({ content: 'motion' }));
}

const now = (): Promise<number> => ada.page.evaluate(() => window.counting.seconds);

async function join(code: string): Promise<void> {
  await ada.page.addScriptTag({ type: 'module', url: '/e2e/pages/counting.ts' });
  await ada.page.waitForFunction(() => 'Counting' in window);
  await ada.page.evaluate(
    async ([code, [width, height]]) => {
      window.counting = new window.Counting(width, height);
      window.meeting = new window.sdk.Meeting({ apiUrl: '/v1' });
      const [microphone, camera] = [window.counting.microphone, window.counting.camera.track];
      await window.meeting.join({ meeting: code, displayName: 'Ada', microphone, camera });
    },
    [code, CAMERA] as const,
  );
}

async function record(code: string): Promise<string> {
  const { id } = await parley.call('POST', `/meetings/${code}/recordings`, { layout: 'share' });
  await eventually(
    () => ada.page.evaluate(() => window.meeting.getSnapshot().recording),
    (state) => state !== 'off',
  );
  // Before somebody wants it, the best layer is not sent at all.
  await eventually(sentFrames, (frames) => frames > 10);
  for (const part of parts) {
    await part.begin?.();
    const begin = await now();
    const end = await eventually(now, (seconds) => seconds > begin + part.seconds);
    times.push({ begin, end });
  }
  await parley.call('POST', `/recordings/${String(id)}/stop`);
  return String(id);
}

/** When each picture of the first part is seen for the first time: no more than half a picture early or late. */
function firstShown(): readonly { readonly seconds: number; readonly counter: number }[] {
  const [first] = parts;
  const found = kept.pictures.flatMap(([seconds, { alone }]) =>
    alone !== null && seconds < (first?.seconds ?? 0) ? [{ seconds, counter: alone }] : [],
  );
  return found.filter(({ counter }, index) => counter !== found[index - 1]?.counter);
}

/** What of the film is of a part, its changes left out; times are the page's. */
function picturesOf(index: number): readonly { at: number; shown: Kept['pictures'][number][1] }[] {
  const { begin, end } = times[index] ?? { begin: 0, end: 0 };
  return kept.pictures
    .map(([seconds, shown]) => ({ at: seconds + offset, shown }))
    .filter(({ at }) => at > begin + CHANGING_SECONDS && at < end - HALF_PICTURE);
}

const shownParts = parts.flatMap(({ name, place }, index) => {
  if (place === null) return [];
  const camera = { name, index, place, source: 'camera' };
  return place === 'beside' ? [camera, { ...camera, place: 'shared' as const, source: 'screen' }] : [camera];
});

/** Whole tones; what is left of one that was cut is none. */
function beeps(): readonly { readonly at: number; readonly digit: number }[] {
  return kept.tones
    .map(([at, hertz]) => ({ at: at + offset, digit: (hertz - LOWEST_HZ) / STEP_HZ }))
    .filter(({ digit }) => Math.abs(digit - Math.round(digit)) < 0.1 && digit > -0.5)
    .map(({ at, digit }) => ({ at, digit: Math.round(digit) + 0 }));
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}

describe.runIf(process.env['PARLEY_SLOW'] === '1')('a Chromium that is recorded', () => {
  beforeAll(async () => {
    parley = await startParley();
    server = await servePages(new URL(parley.apiUrl).origin);
    browser = await launchChromium();
    ada = await Person.open(browser, server.url, 'Ada');
    const code = await parley.createMeeting('Filmed', { recording: 'allowed' });
    await join(code);
    kept = await watched(parley, await record(code), CAMERA);
    offset = median(firstShown().map(({ seconds, counter }) => counter / STEPS_PER_SECOND - seconds));
  }, 600_000);

  afterAll(async () => {
    await browser.close();
    await server.close();
    await parley.stop();
  });

  describe('has a film that', () => {
    it.each(shownParts)(
      'has each picture that was recorded in its place and time: $source $name',
      ({ place, index, source }) => {
        const recorded = kept.recorded(source);
        const found = picturesOf(index);
        expect(found.length).toBeGreaterThan(10);
        for (const { at, shown } of found) {
          const counter = shown[place] ?? NaN;
          const now = (at + HALF_PICTURE) * STEPS_PER_SECOND;
          const due = recorded.findLast((one) => one <= now - MOST_OFF_STEPS) ?? NaN;
          expect(counter, `at ${String(at)}`).toBeGreaterThanOrEqual(due);
          expect(counter, `at ${String(at)}`).toBeLessThanOrEqual(now + MOST_OFF_STEPS);
        }
      },
    );

    it.each(shownParts)('has them in order: $source $name', ({ place, index }) => {
      const counters = picturesOf(index).map(({ shown }) => shown[place] ?? NaN);
      expect(counters).toEqual([...counters].sort((one, other) => one - other));
      expect(new Set(counters).size).toBeGreaterThan(5);
    });

    it('shows and plays nothing while all is muted', () => {
      const muted = parts.findIndex(({ name }) => name === 'muted');
      const found = picturesOf(muted);
      expect(found.filter(({ shown }) => Object.values(shown).some((counter) => counter !== null))).toEqual(
        [],
      );
      const { begin, end } = times[muted] ?? { begin: 0, end: 0 };
      expect(beeps().filter(({ at }) => at > begin + MOST_SKEW && at < end - MOST_SKEW)).toEqual([]);
    });

    it('plays each second once, and with its picture', () => {
      const heard = beeps().map(({ at, digit }) => {
        const second = Math.round(at);
        expect(digit, `at ${String(at)}`).toBe(second % 10);
        return { second, skew: at - second };
      });
      const seconds = heard.map(({ second }) => second);
      expect(seconds).toEqual([...new Set(seconds)]);
      const [first, muted, last] = [times[0], times.at(-2), times.at(-1)];
      if (first === undefined || muted === undefined || last === undefined) throw new Error('no parts');
      const unheard: number[] = [];
      for (let second = Math.ceil(first.begin); second < last.end - CHANGING_SECONDS; second += 1) {
        const isMuted = second > muted.begin - CHANGING_SECONDS && second < last.begin;
        if (!isMuted && !seconds.includes(second)) unheard.push(second);
      }
      expect(unheard).toEqual([]);
      const before = heard.filter(({ second }) => second < muted.begin).map(({ skew }) => skew);
      const usual = median(before);
      expect(Math.abs(usual), String(before)).toBeLessThan(MOST_USUAL);
      for (const skew of before) expect(Math.abs(skew - usual), String(before)).toBeLessThan(MOST_DRIFT);
      // Behind a mute the browser has not said yet how its sound lies to its pictures.
      for (const { skew, second } of heard)
        expect(Math.abs(skew - usual), String(second)).toBeLessThan(MOST_SKEW);
    });
  });

  describe('leaves a take that', () => {
    it('has the camera in several sizes, upright too', () => {
      const sizes = kept.entries
        .filter(({ source }) => source === 'camera')
        .map(({ width, height }) => [width ?? 0, height ?? 0] as const);
      // A busy browser makes them smaller still.
      expect(new Set(sizes.map(String)).size, String(sizes)).toBeGreaterThanOrEqual(3);
      expect(sizes.filter(([width, height]) => height > width).length).toBeGreaterThanOrEqual(1);
      expect(sizes.filter(([width, height]) => width > height).length).toBeGreaterThanOrEqual(1);
    });

    it('lacks nothing but what was muted, and the moment in which the best layer was missed', () => {
      expect(kept.entries.flatMap(({ lost }) => lost)).toEqual([]);
      const unmeant = kept.gaps.filter(({ reason }) => reason !== 'muted');
      for (const { startUs, endUs } of unmeant) expect((endUs - startUs) / 1e6).toBeLessThan(SEGMENT_SECONDS);
      expect(unmeant.length).toBeLessThanOrEqual(1);
    });
  });
});
