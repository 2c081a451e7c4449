import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODECS, type CodecName, type Device } from '../../media/index.ts';
import type { SharedCodecs } from '../../protocol/index.ts';
import { LoadLadder, PLANS, codecFor, planAt, startOf, withinPlan, type Load, type Start } from './policy.ts';

const NOT = { isSupported: false, isSmooth: false, isEfficient: false };
const ALL_NOT = Object.fromEntries(CODECS.map((codec) => [codec, NOT])) as Device['encodes'];

function device(change: Partial<Device> = {}, chips: readonly CodecName[] = []): Device {
  const efficient = chips.map((codec) => [codec, { isSupported: true, isSmooth: true, isEfficient: true }]);
  const encodes = { ...ALL_NOT, ...(Object.fromEntries(efficient) as Partial<Device['encodes']>) };
  return { cores: 8, memoryGb: 8, isMobile: false, encodes, decodes: ALL_NOT, ...change };
}

const CALM: Load = { encodeMs: 90, decodeMs: 80, isCpuLimited: false };
const BUSY: Load = { encodeMs: 900, decodeMs: 80, isCpuLimited: false };

describe('plans', () => {
  it('are lighter from one to the next in everything, and never nothing', () => {
    for (const [index, plan] of PLANS.entries()) {
      const above = planAt(index - 1);
      expect(plan.tiles).toBeLessThanOrEqual(above.tiles);
      expect(plan.receiveHeight).toBeLessThanOrEqual(above.receiveHeight);
      expect(plan.sendHeight).toBeLessThanOrEqual(above.sendHeight);
      expect(plan.sendFps).toBeLessThanOrEqual(above.sendFps);
      expect(plan.tiles).toBeGreaterThan(0);
    }
  });

  it('begin lower on a weak device and on a phone', () => {
    expect(startOf(device())).toEqual({ level: 0, best: 0 });
    expect(startOf(device({ isMobile: true }))).toEqual({ level: 1, best: 1 });
    expect(startOf(device({ memoryGb: 2 }))).toEqual({ level: 2, best: 2 });
    expect(startOf(null)).toEqual({ level: 0, best: 0 });
    expect(startOf(device({ cores: null, memoryGb: null }))).toEqual({ level: 0, best: 0 });
  });

  it('begin one step lower with few cores, still large, and may rise from there', () => {
    for (const cores of [1, 2, 4]) expect(startOf(device({ cores }))).toEqual({ level: 1, best: 0 });
    expect(planAt(1)).toMatchObject({ tiles: 9, receiveHeight: 720, sendHeight: 720 });
    expect(startOf(device({ cores: 2, memoryGb: 2 }))).toEqual({ level: 2, best: 2 });
  });
});

describe('what is visible', () => {
  it('is no more and no larger than the plan, and a shared screen keeps its size', () => {
    const visible = ['screen', 'a', 'b', 'c'].map((track) => ({ track, maxHeight: 720, priority: 1 }));
    expect(withinPlan(visible, { ...planAt(4), tiles: 3 }, (track) => track === 'screen')).toEqual([
      { track: 'screen', maxHeight: 720, priority: 1 },
      { track: 'a', maxHeight: 180, priority: 1 },
      { track: 'b', maxHeight: 180, priority: 1 },
    ]);
  });
});

describe('the codec', () => {
  const all = (...decodable: CodecName[]): SharedCodecs => ({ decodable, efficient: [] });

  it('is one that everybody decodes, by a chip where there is one', () => {
    expect(codecFor(device(), null)).toBe('vp8');
    expect(codecFor(device({}, ['h264', 'av1']), null)).toBe('h264');
    expect(codecFor(device({}, ['h264', 'av1']), all('vp8', 'h264', 'av1'))).toBe('av1');
    expect(codecFor(device({}, ['h265']), all('vp8', 'h265'))).toBe('h265');
    expect(codecFor(device({}, ['h264', 'av1']), all('vp8'))).toBe('vp8');
    expect(codecFor(device(), all('h264'))).toBe('h264');
    expect(codecFor(null, all('vp9', 'av1'))).toBe('vp9');
  });

  it('is VP9 without a chip where there are many cores that do well', () => {
    const smooth = { ...ALL_NOT, vp9: { isSupported: true, isSmooth: true, isEfficient: false } };
    const many = device({ cores: 8, encodes: smooth });
    expect(codecFor(many, all('vp8', 'vp9'), { hasRoom: true })).toBe('vp9');
    expect(codecFor(many, all('vp8', 'vp9'), { hasRoom: false })).toBe('vp8');
    expect(codecFor({ ...many, cores: 4 }, all('vp8', 'vp9'), { hasRoom: true })).toBe('vp8');
    expect(codecFor({ ...many, isMobile: true }, all('vp8', 'vp9'), { hasRoom: true })).toBe('vp8');
  });

  it('is what the page wished for as long as everybody decodes it, else what costs least', () => {
    const chips = device({}, ['h264']);
    expect(codecFor(chips, null, { wished: 'av1' })).toBe('av1');
    expect(codecFor(chips, all('vp8', 'h264', 'av1'), { wished: 'av1' })).toBe('av1');
    expect(codecFor(chips, all('vp8', 'h264'), { wished: 'av1' })).toBe('vp8');
  });

  it('is never one that somebody cannot decode, unless nothing is left', () => {
    const codecs = fc.uniqueArray(fc.constantFrom(...CODECS));
    fc.assert(
      fc.property(codecs, codecs, fc.boolean(), (chips, decodable, hasRoom) => {
        const chosen = codecFor(device({}, chips), all(...decodable), { hasRoom });
        if (decodable.length > 0) expect(decodable).toContain(chosen);
      }),
    );
  });
});

describe('the ladder', () => {
  const at = (level: number): Start => ({ level, best: level });
  const FEW_CORES = startOf(device({ cores: 2 }));

  /** Levels after each load of two seconds. */
  function climb(ladder: LoadLadder, loads: readonly Load[], from = 0): number[] {
    return loads.map((load, index) => {
      ladder.handleLoad(from + index * 2_000, load);
      return ladder.level;
    });
  }
  const times = (count: number, load: Load): Load[] => Array.from({ length: count }, () => load);

  it('steps down before a device has been late for long, and not for a hiccup', () => {
    expect(climb(new LoadLadder(at(0), 4), [BUSY, BUSY, CALM, BUSY, BUSY]).at(-1)).toBe(0);
    expect(climb(new LoadLadder(at(0), 4), times(3, BUSY)).at(-1)).toBe(1);
    expect(climb(new LoadLadder(at(0), 4), times(3, { ...CALM, isCpuLimited: true })).at(-1)).toBe(1);
    expect(climb(new LoadLadder(at(0), 2), times(3, { ...CALM, decodeMs: 900 })).at(-1)).toBe(1);
    expect(climb(new LoadLadder(at(0), 8), times(3, { ...CALM, decodeMs: 900 })).at(-1)).toBe(0);
  });

  it('comes back after a long calm, and later each time that it did not hold', () => {
    const ladder = new LoadLadder(at(0), 4);
    climb(ladder, times(3, BUSY));
    expect(climb(ladder, times(15, CALM), 12_000).at(-1)).toBe(1);
    expect(climb(ladder, times(2, CALM), 42_000).at(-1)).toBe(0);
    climb(ladder, times(6, BUSY), 60_000);
    expect(ladder.level).toBe(1);
    expect(climb(ladder, times(20, CALM), 80_000).at(-1)).toBe(1);
    expect(climb(ladder, times(15, CALM), 120_000).at(-1)).toBe(0);
  });

  it('has all of it within ten seconds where few cores do well', () => {
    expect(climb(new LoadLadder(FEW_CORES, 2), times(5, CALM)).at(-1)).toBe(0);
  });

  it('stays low where few cores are at work, and sinks where they are late', () => {
    const halfBusy: Load = { ...CALM, encodeMs: 400 };
    expect(climb(new LoadLadder(FEW_CORES, 2), times(60, halfBusy)).at(-1)).toBe(1);
    expect(climb(new LoadLadder(FEW_CORES, 2), times(3, BUSY)).at(-1)).toBe(2);
  });

  it('does not try again soon what few cores could not hold', () => {
    const ladder = new LoadLadder(FEW_CORES, 2);
    climb(ladder, times(5, CALM));
    climb(ladder, times(6, BUSY), 10_000);
    expect(ladder.level).toBe(1);
    expect(climb(ladder, times(15, CALM), 22_000).at(-1)).toBe(1);
    expect(climb(ladder, times(2, CALM), 54_000).at(-1)).toBe(0);
  });

  it('never rises above what the device is good for', () => {
    expect(climb(new LoadLadder(at(2), 2), times(300, CALM)).at(-1)).toBe(2);
  });

  it('moves by single steps, stays in bounds and rests between them, whatever comes', () => {
    const load = fc.record({
      encodeMs: fc.double({ min: 0, max: 3_000, noNaN: true }),
      decodeMs: fc.double({ min: 0, max: 3_000, noNaN: true }),
      isCpuLimited: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.nat(5), fc.nat(5), fc.array(load, { maxLength: 300 }), (first, highest, loads) => {
        const best = Math.min(first, highest);
        const ladder = new LoadLadder({ level: first, best }, 4);
        const levels = [first, ...climb(ladder, loads)];
        const steps = levels.flatMap((level, index) => (level === levels[index - 1] ? [] : [index])).slice(1);
        for (const [index, level] of levels.entries()) {
          expect(level).toBeGreaterThanOrEqual(best);
          expect(level).toBeLessThan(PLANS.length);
          expect(Math.abs(level - (levels[index - 1] ?? level))).toBeLessThanOrEqual(1);
        }
        for (const [index, at] of steps.entries()) {
          if (index > 0) expect(at - (steps[index - 1] ?? 0)).toBeGreaterThanOrEqual(3);
        }
      }),
    );
  });
});
