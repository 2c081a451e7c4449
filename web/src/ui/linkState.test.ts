import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { person } from './demo/FakeMeeting.ts';
import {
  BARS,
  BETTER_MS,
  WORSE_MS,
  dueAt,
  linkOf,
  nextSteady,
  type LinkState,
  type Steady,
} from './linkState.ts';
import type { ParticipantSnapshot, TrackSnapshot } from '../meeting/index.ts';

const STATES = Object.keys(BARS) as LinkState[];
const LASTING = STATES.filter((state) => state !== 'lost' && state !== 'unknown');
const state = fc.constantFrom(...STATES);
const lasting = fc.constantFrom(...LASTING);
/** What was seen, and for how long. */
const spells = (of: fc.Arbitrary<LinkState>) =>
  fc.array(fc.tuple(of, fc.integer({ min: 1, max: 2 * BETTER_MS })), { minLength: 1, maxLength: 30 });

/** What is shown at each change of it, with a look at each time that one is due, as a page does. */
function shownOver(seen: readonly (readonly [LinkState, number])[]): { at: number; shown: LinkState }[] {
  const changes: { at: number; shown: LinkState }[] = [];
  let steady: Steady | undefined;
  let now = 0;
  const look = (what: LinkState): void => {
    const before = steady?.shown;
    steady = nextSteady(steady, what, now);
    if (steady.shown !== before) changes.push({ at: now, shown: steady.shown });
  };
  for (const [what, ms] of seen) {
    const end = now + ms;
    look(what);
    while (steady !== undefined && dueAt(steady) <= end) {
      now = dueAt(steady);
      look(what);
    }
    now = end;
  }
  return changes;
}

describe('what is shown of a link', () => {
  it('stays for as long as a change takes, however what is seen jumps', () => {
    fc.assert(
      fc.property(spells(lasting), (seen) => {
        const changes = shownOver(seen);
        for (const [index, { at, shown }] of changes.slice(1).entries()) {
          const before = changes[index];
          const isWorse = before !== undefined && BARS[shown] < BARS[before.shown];
          expect(at - (before?.at ?? 0)).toBeGreaterThanOrEqual(isWorse ? WORSE_MS : BETTER_MS);
        }
      }),
    );
  });

  it('is what is seen once that has lasted, and never what was not seen', () => {
    fc.assert(
      fc.property(spells(state), state, (seen, last) => {
        const changes = shownOver([...seen, [last, BETTER_MS]]);
        expect(changes.at(-1)?.shown).toBe(last);
        const all = new Set([...seen.map(([what]) => what), last]);
        expect(changes.every(({ shown }) => all.has(shown))).toBe(true);
      }),
    );
  });

  it('says at once that somebody is gone, or back', () => {
    fc.assert(
      fc.property(
        spells(state),
        fc.constantFrom('lost' as const, 'unknown' as const),
        lasting,
        (seen, sudden, back) => {
          const end = seen.reduce((sum, [, ms]) => sum + ms, 0);
          const changes = shownOver([...seen, [sudden, 1], [back, 1]]);
          expect(changes.at(-1)).toEqual({ at: end + 1, shown: back });
          expect(changes.at(-2)?.shown).toBe(sudden);
        },
      ),
    );
  });

  it('does not flicker with a link that is weak and well by turns', () => {
    const turns = Array.from(
      { length: 40 },
      (_, index) => [index % 2 === 0 ? 'good' : 'uplink', WORSE_MS - 1] as const,
    );
    expect(shownOver(turns)).toEqual([{ at: 0, shown: 'good' }]);
  });

  it('gets worse with one that is weak in this way or that', () => {
    const turns = Array.from(
      { length: 4 },
      (_, index) => [index % 2 === 0 ? 'uplink' : 'poorUplink', 900] as const,
    );
    expect(shownOver([['good', 1_000], ...turns]).map(({ shown }) => BARS[shown])).toEqual([4, 2]);
  });
});

describe('a link', () => {
  const withCamera = (one: ParticipantSnapshot, change: Partial<TrackSnapshot>): ParticipantSnapshot => ({
    ...one,
    tracks: { ...one.tracks, camera: { ...one.tracks.camera!, ...change } },
  });
  const BOB = person('Bob', { camera: null, connectionQuality: 'good' });
  const ADA = person('Ada', { camera: null, isSelf: true });

  it('is what the node says', () => {
    for (const connectionQuality of ['good', 'uplink', 'downlink', 'lost', 'unknown'] as const)
      expect(linkOf({ ...BOB, connectionQuality })).toBe(connectionQuality);
    expect(linkOf({ ...ADA, connectionQuality: 'node' })).toBe('node');
  });

  it('is poor where it does not carry what one sends', () => {
    expect(linkOf(withCamera(BOB, { isPausedBySender: true }))).toBe('poorUplink');
    expect(linkOf({ ...withCamera(BOB, { isPausedBySender: true }), connectionQuality: 'lost' })).toBe(
      'lost',
    );
  });

  it('is poor where it does not carry what others send', () => {
    const weak = { ...BOB, connectionQuality: 'downlink' } as const;
    expect(linkOf(weak)).toBe('downlink');
    expect(linkOf({ ...weak, arePicturesPaused: true })).toBe('poorDownlink');
  });
});
