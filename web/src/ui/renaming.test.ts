import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameProblem } from './renaming.ts';

describe('a name', () => {
  it('is missing where nothing of it shows', () => {
    for (const name of ['', ' ', ' \u00a0 ']) expect(nameProblem(name)).toBe('missing');
  });

  it('has no control characters and no half of a letter, and may be any other text', () => {
    for (const name of ['A\u0007', 'A\nB', '\u0000Ada', 'A\ud800', '\u0085Ada'])
      expect(nameProblem(name)).toBe('unreadable');
    for (const name of ['Ada', 'Ædgar Łukasz', '山田 太郎', '👩🏽‍💻', 'علي', '<b>'])
      expect(nameProblem(name)).toBeNull();
  });

  it('is whole or not, whatever surrounds what is wrong in it', () => {
    const plain = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => nameProblem(text) === null);
    fc.assert(
      fc.property(plain, plain, fc.integer({ min: 0, max: 31 }), (before, after, code) => {
        expect(nameProblem(before + after)).toBeNull();
        expect(nameProblem(before + String.fromCharCode(code) + after)).toBe('unreadable');
      }),
    );
  });
});
