import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APART_MS, CROWD, CROWD_MS, NEVER, tryTone, withArrival } from './toneRules.ts';

type Step = readonly [what: 'comes' | 'sounds', ms: number];

/** When tones were heard, and when people came, after steps that each wait first. */
function play(steps: readonly Step[]): { heard: number[]; came: number[] } {
  const heard: number[] = [];
  const came: number[] = [];
  let stillness = NEVER;
  let now = 0;
  for (const [what, ms] of steps) {
    now += ms;
    if (what === 'comes') {
      came.push(now);
      stillness = withArrival(stillness, now);
    } else {
      const { isHeard, after } = tryTone(stillness, now);
      stillness = after;
      if (isHeard) heard.push(now);
    }
  }
  return { heard, came };
}

describe('tones', () => {
  it('are apart, and never in a crowd', () => {
    const step = fc.tuple(
      fc.constantFrom('comes' as const, 'sounds' as const),
      fc.integer({ min: 0, max: 3_000 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { heard, came } = play(steps);
        for (const [index, at] of heard.entries()) {
          expect(at - (heard[index - 1] ?? -Infinity)).toBeGreaterThanOrEqual(APART_MS);
          // Who came at the very moment may have come after it.
          const before = came.filter((one) => one < at && at - one < CROWD_MS);
          expect(before.length).toBeLessThan(CROWD);
        }
      }),
    );
  });

  it('are heard while few come, and again once a crowd is in', () => {
    const few: Step[] = Array.from({ length: CROWD - 1 }, () => ['comes', 10]);
    expect(play([...few, ['sounds', 0]]).heard).toHaveLength(1);
    expect(play([...few, ['comes', 0], ['sounds', 0], ['sounds', CROWD_MS - 100]]).heard).toEqual([]);
    expect(play([...few, ['comes', 0], ['sounds', CROWD_MS]]).heard).toHaveLength(1);
  });

  it('that were not heard keep none from being heard', () => {
    expect(
      play([
        ['sounds', 0],
        ['sounds', APART_MS - 1],
        ['sounds', 1],
      ]).heard,
    ).toEqual([0, APART_MS]);
  });
});
