import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_ORDER, nextOrder, type Order } from './order.ts';

const FIRST = 4;
const shownOf = (ids: readonly string[]): readonly string[] => ids.slice(0, FIRST);
const letters = (text: string): readonly string[] => text.split('');
const TEN = letters('abcdefghij');

interface Step {
  readonly present: readonly string[];
  readonly speaker: string | null;
}

const ids = fc.uniqueArray(fc.constantFrom(...TEN), { maxLength: 10 });
const step: fc.Arbitrary<Step> = fc.record({
  present: ids,
  speaker: fc.option(fc.constantFrom(...TEN)),
});

/** Runs through the steps, handing each change to the check. */
function forEachChange(steps: readonly Step[], check: (before: Order, after: Order, step: Step) => void) {
  let order = EMPTY_ORDER;
  for (const each of steps) {
    const after = nextOrder(order, each.present, each.speaker, shownOf);
    check(order, after, each);
    order = after;
  }
}

const always = (check: (before: Order, after: Order, step: Step) => void): void => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      forEachChange(steps, check);
    }),
  );
};

describe('the order of tiles', () => {
  it('holds everyone present, each once', () => {
    always((_, after, { present }) => {
      expect([...after.ids].sort()).toEqual([...present].sort());
    });
  });

  it('keeps those who stay in their order, but for the two that a far speaker makes change places', () => {
    always((before, after, { present, speaker }) => {
      const stayed = before.ids.filter((id) => present.includes(id));
      const expected = [...stayed, ...present.filter((id) => !stayed.includes(id))];
      const moved = after.ids.filter((id, index) => id !== expected[index]);
      const isFar = speaker !== null && expected.indexOf(speaker) >= FIRST;
      expect(moved).toHaveLength(isFar ? 2 : 0);
    });
  });

  it('has the speaker on the first page', () => {
    always((_, after, { present, speaker }) => {
      if (speaker === null || !present.includes(speaker)) return;
      expect(after.ids.indexOf(speaker)).toBeLessThan(FIRST);
    });
  });

  it('is the same object when nothing changed', () => {
    always((_, after, { present, speaker }) => {
      expect(nextOrder(after, present, speaker, shownOf)).toBe(after);
    });
  });

  it('never moves those who are fixed, and moves who has been silent longest', () => {
    const spoken = ['b', 'c', 'd'].reduce(
      (order, speaker) => nextOrder(order, letters('abcdef'), speaker, shownOf),
      EMPTY_ORDER,
    );
    expect(nextOrder(spoken, letters('abcdef'), 'f', shownOf, ['a']).ids).toEqual(letters('afcdeb'));
    expect(nextOrder(spoken, letters('abcdef'), 'f', shownOf, letters('abcd')).ids).toEqual(
      letters('abcdef'),
    );
  });
});
