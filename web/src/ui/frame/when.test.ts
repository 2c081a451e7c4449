// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { dayOf, lengthOf, minutesBetween, sizeOf, spanOf } from './when.ts';

describe('what is written', () => {
  it('follows the language of the page, and the region of the browser where that speaks it', () => {
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['fr-CA', 'en-GB', 'en']);
    expect(dayOf('2036-03-30', 'en')).toBe('30 Mar 2036');
    expect(dayOf('2036-03-30', 'de')).toBe('30.03.2036');
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['en-US']);
    expect(dayOf('2036-03-30', 'en')).toBe('Mar 30, 2036');
  });

  it('is a span, a moment or nothing', () => {
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['en-GB']);
    const [from, to] = ['2036-03-30T09:00:00Z', '2036-03-30T10:30:00Z'];
    expect(spanOf(from, to, 'en')).toMatch(/^30 Mar 2036, .*\u2013/);
    expect(spanOf(null, to, 'en')).toMatch(/^30 Mar 2036, \d\d:30$/);
    expect(spanOf(null, null, 'en')).toBe('');
  });

  it.each([
    [0, '0 min'],
    [59, '59 min'],
    [60, '1 hr'],
    [119.6, '2 hr'],
    [125, '2 hr 5 min'],
  ])('says %d minutes as %s', (minutes, said) => {
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['en-US']);
    expect(lengthOf(minutes, 'en')).toBe(said);
  });

  it.each([
    [0, '0 kB'],
    [999, '999 byte'],
    [1_500_000, '2 MB'],
    [1_400_000_000, '1.4 GB'],
    [5e15, '5,000 TB'],
  ])('says %d bytes as %s', (bytes, said) => {
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['en-US']);
    expect(sizeOf(bytes, 'en')).toBe(said);
  });

  it('never counts backwards', () => {
    expect(minutesBetween('2036-03-30T10:00:00Z', '2036-03-30T09:00:00Z')).toBe(0);
  });
});
