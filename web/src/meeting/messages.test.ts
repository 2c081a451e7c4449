import { describe, expect, it } from 'vitest';
import { MAX_MESSAGES, mergeMessages } from './messages.ts';

const at = (second: number) => ({
  id: `msg_${String(second)}`,
  from: 'par_1',
  displayName: 'Ada',
  text: 'Hi',
  at: new Date(second * 1_000).toISOString(),
});

describe('the history of the chat', () => {
  it('has what was heard before and what the node repeats, each once, in order', () => {
    const privately = { ...at(2), to: 'par_2' };
    expect(mergeMessages([at(1), privately], [at(1), at(3)]).map(({ id }) => id)).toEqual([
      'msg_1',
      'msg_2',
      'msg_3',
    ]);
  });

  it('is the same array when nothing is new', () => {
    const known = [at(1)];
    expect(mergeMessages(known, [at(1)])).toBe(known);
  });

  it('is bounded: the oldest go first', () => {
    const many = Array.from({ length: MAX_MESSAGES + 10 }, (_, second) => at(second));
    const kept = mergeMessages([], many);
    expect(kept).toHaveLength(MAX_MESSAGES);
    expect(kept[0]?.id).toBe('msg_10');
  });
});
