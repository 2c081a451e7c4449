import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALM, FEW, WITHIN_MS, tellLines, type Pace, type Told } from './pace.ts';

/** What is told of lines that come at these times, with a look whenever something is due. */
function tellAll(times: readonly number[]): readonly (Told<number> & { readonly at: number })[] {
  let pace: Pace<number> = CALM;
  const all: (Told<number> & { at: number })[] = [];
  const look = (came: readonly number[], now: number): void => {
    const next = tellLines(pace, came, now);
    pace = next.pace;
    all.push(...next.told.map((told) => ({ ...told, at: now })));
  };
  times.forEach((time, line) => {
    while (pace.dueAt !== null && pace.dueAt <= time) look([], pace.dueAt);
    look([line], time);
  });
  while (pace.dueAt !== null) look([], pace.dueAt);
  return all;
}

const kinds = (times: readonly number[]) =>
  tellAll(times).map((told) => (told.kind === 'many' ? told.count : `line ${String(told.line)}`));

describe('lines', () => {
  it('are told one by one while few come', () => {
    expect(kinds([0, 100, 200])).toEqual(['line 0', 'line 1', 'line 2']);
    expect(kinds([0, 2_000, 4_000, 6_000, 8_000])).toEqual([
      'line 0',
      'line 1',
      'line 2',
      'line 3',
      'line 4',
    ]);
  });

  it('are told by their number once more come', () => {
    const flood = Array.from({ length: 10 }, (_, index) => index * 10);
    expect(kinds(flood)).toEqual(['line 0', 'line 1', 'line 2', 7]);
  });

  it('are told by number for as long as the flood goes on, and one by one again after it', () => {
    const flood = Array.from({ length: 120 }, (_, index) => index * 100);
    const told = kinds([...flood, 40_000]);
    expect(told.filter((one) => typeof one === 'string')).toEqual(['line 0', 'line 1', 'line 2', 'line 120']);
    expect(told.filter((one) => typeof one === 'number')).toHaveLength(3);
  });

  it('are told as they are where one alone was held', () => {
    expect(kinds([0, 1, 2, 3])).toEqual(['line 0', 'line 1', 'line 2', 'line 3']);
  });

  it('are told in order, each once, few in any time and none long after it came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3_000 }), { maxLength: 60 }), (pauses) => {
        let now = 0;
        const times = pauses.map((pause) => (now += pause));
        const told = tellAll(times);
        let next = 0;
        for (const one of told) {
          if (one.kind === 'line') expect(one.line).toBe(next);
          next += one.kind === 'line' ? 1 : one.count;
          expect(one.at - (times[next - 1] ?? 0)).toBeLessThanOrEqual(WITHIN_MS);
        }
        expect(next).toBe(times.length);
        for (const { at } of told) {
          const soonAfter = told.filter((one) => one.at >= at && one.at < at + WITHIN_MS);
          expect(soonAfter.length).toBeLessThanOrEqual(FEW + 1);
        }
      }),
    );
  });
});
