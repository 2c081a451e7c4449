import { describe, expect, it } from 'vitest';
import { PathWatch, isGone } from './PathWatch.ts';

const ADDRESS = '192.0.2.7';

/** Samples twice a second of a path that carries so many packets a second until it is dead; when it is looked at then. */
function looks(
  perSecond: number,
  deadFrom: number,
  until: number,
  address: string | null = ADDRESS,
): number[] {
  const watch = new PathWatch();
  const found: number[] = [];
  for (let now = 0; now < until; now += 500) {
    const packets = 1 + Math.floor((Math.min(now, deadFrom) * perSecond) / 1_000);
    if (watch.handleSample({ packets, silentMs: 0, address }, now)) found.push(now - deadFrom);
  }
  return found;
}

describe('PathWatch', () => {
  it('looks for the address soon where media came, and not for the pauses between reports', () => {
    expect(looks(50, 10_000, 12_000)[0]).toBe(1_000);
    expect(looks(1, 60_000, 60_000)).toEqual([]);
    expect(looks(1, 10_000, 14_000)[0]).toBe(3_000);
  });

  it('knows for how long nothing came where the browser tells', () => {
    const watch = new PathWatch();
    const sample = (packets: number, silentMs: number) => ({ packets, silentMs, address: ADDRESS });
    watch.handleSample(sample(0, 0), 0);
    watch.handleSample(sample(25, 10), 500);
    // The packets came right after the sample before.
    expect(watch.handleSample(sample(30, 400), 1_000)).toBe(false);
    expect(watch.handleSample(sample(30, 900), 1_500)).toBe(true);
  });

  it('looks often while a browser may not know of the other address, and then ever more rarely', () => {
    const found = looks(50, 10_000, 40_000);
    expect(found.slice(0, 7)).toEqual([1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000]);
    expect(found.length).toBeLessThan(17);
    expect(Math.max(...found.map((at, index) => at - (found[index - 1] ?? 0)))).toBeLessThanOrEqual(4_500);
  });

  it('looks for nothing where no address is told', () => {
    expect(looks(50, 10_000, 20_000, null)).toEqual([]);
  });
});

describe('an address', () => {
  const sample = { packets: 1, silentMs: 0, address: ADDRESS };

  it('is gone when the machine has others and not this', () => {
    expect(isGone(sample, new Set(['192.0.2.8']))).toBe(true);
    expect(isGone(sample, new Set(['192.0.2.8', ADDRESS]))).toBe(false);
  });

  it('is not gone while nothing is known, as between two networks', () => {
    expect(isGone(sample, new Set())).toBe(false);
    expect(isGone({ ...sample, address: null }, new Set(['192.0.2.8']))).toBe(false);
  });
});
