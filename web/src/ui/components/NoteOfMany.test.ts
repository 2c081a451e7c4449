// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GATHERED_MS, NoteOfMany } from './NoteOfMany.ts';
import { showToast, useToasts } from './toasts.ts';

const shown = () => useToasts.getState().toasts.map(({ text }) => text);

beforeEach(() => {
  vi.useFakeTimers();
  useToasts.setState({ toasts: [] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('notes', () => {
  it('are three at once at most, and what concerns oneself outlasts what others do', () => {
    showToast('Bob muted you');
    for (const name of ['Ada', 'Ben', 'Cleo', 'Dora']) showToast(`${name}: Hi`, 'chat');
    expect(shown()).toEqual(['Bob muted you', 'Cleo: Hi', 'Dora: Hi']);
    vi.advanceTimersByTime(4_000);
    expect(shown()).toEqual([]);
    for (const text of ['one', 'two', 'three', 'four']) showToast(text);
    expect(shown()).toEqual(['two', 'three', 'four']);
  });
});

describe('a note of many', () => {
  const said: string[] = [];
  let note: NoteOfMany;
  beforeEach(() => {
    said.length = 0;
    note = new NoteOfMany('joins', (names) => names.join(' '));
  });
  const follow = (): (() => void) =>
    useToasts.subscribe(({ toasts }) => {
      const text = toasts[0]?.text;
      if (text !== undefined && text !== said.at(-1)) said.push(text);
    });

  it('tells the first at once and gathers who follows, in one note and a few changes', () => {
    const end = follow();
    for (let guest = 1; guest <= 30; guest += 1) {
      note.add(String(guest));
      expect(shown()).toHaveLength(1);
      vi.advanceTimersByTime(130);
    }
    vi.advanceTimersByTime(GATHERED_MS);
    end();
    expect(said[0]).toBe('1');
    expect(said.at(-1)?.split(' ')).toHaveLength(30);
    expect(said.length).toBeLessThanOrEqual(4);
    vi.advanceTimersByTime(4_000);
    expect(shown()).toEqual([]);
  });

  it('is a new one when the last has gone', () => {
    note.add('Ada');
    vi.advanceTimersByTime(4_000);
    note.add('Ben');
    expect(shown()).toEqual(['Ben']);
  });

  it('still tells who came just before it would have gone', () => {
    note.add('Ada');
    vi.advanceTimersByTime(3_900);
    note.add('Ben');
    vi.advanceTimersByTime(GATHERED_MS);
    expect(shown()).toEqual(['Ada Ben']);
  });
});
