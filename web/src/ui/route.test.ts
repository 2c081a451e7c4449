import { describe, expect, it } from 'vitest';
import { parseCode, parseRoute, pathOf } from './route.ts';

describe('parseCode', () => {
  it.each([
    ['abc-defg-hij', 'abc-defg-hij'],
    [' ABC defg HIJ ', 'abc-defg-hij'],
    ['abcdefghij', 'abc-defg-hij'],
    ['https://parley.example/m/abc-defg-hij?x=1', 'abc-defg-hij'],
    [`mtg_${'a'.repeat(26)}`, `mtg_${'a'.repeat(26)}`],
  ])('takes %j', (input, code) => {
    expect(parseCode(input)).toBe(code);
  });

  it.each(['', 'abc', 'abc-defg-hi1', 'https://parley.example/'])('refuses %j', (input) => {
    expect(parseCode(input)).toBeNull();
  });
});

describe('parseRoute', () => {
  it('leads to the start page or to a meeting, and back to the same address', () => {
    expect(parseRoute('/')).toEqual({ kind: 'start' });
    expect(parseRoute('/elsewhere')).toEqual({ kind: 'start' });
    const route = parseRoute('/m/abc-defg-hij');
    expect(route).toEqual({ kind: 'meeting', code: 'abc-defg-hij' });
    expect(pathOf(route)).toBe('/m/abc-defg-hij');
  });

  it('survives an address that is not encoded properly', () => {
    expect(parseRoute('/m/%')).toEqual({ kind: 'start' });
  });
});
