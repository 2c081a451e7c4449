import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PushToTalk } from './PushToTalk.ts';
import { SignalDetector, decibelsOf } from './signal.ts';

describe('SignalDetector', () => {
  let now = 0;
  let detector = new SignalDetector();
  beforeEach(() => {
    now = 0;
    detector = new SignalDetector();
  });

  const hear = (decibels: number, ms: number) => {
    let signal = detector.handleLevel(decibels, now);
    for (let passed = 0; passed < ms; passed += 100) signal = detector.handleLevel(decibels, (now += 100));
    return signal;
  };

  it('calls a microphone silent that gives nothing for four seconds, and no sooner', () => {
    expect(hear(-Infinity, 3_900)).toBe('unknown');
    expect(hear(-Infinity, 200)).toBe('silent');
    expect(hear(-70, 100)).toBe('quiet');
  });

  it('takes the hiss of a room for a quiet one', () => {
    expect(hear(-65, 10_000)).toBe('quiet');
  });

  it('hears a voice after a third of a second and through the pauses of a sentence', () => {
    hear(-65, 1_000);
    expect(hear(-30, 200)).toBe('quiet');
    expect(hear(-30, 200)).toBe('speaking');
    expect(hear(-65, 1_000)).toBe('speaking');
    expect(hear(-65, 400)).toBe('quiet');
  });

  it('takes no cough for a voice', () => {
    hear(-65, 1_000);
    expect(hear(-20, 200)).toBe('quiet');
    expect(hear(-65, 100)).toBe('quiet');
  });

  it('never calls a microphone silent that was heard within four seconds', () => {
    const levels = fc.array(fc.constantFrom(-Infinity, -90, -70, -50, -30), { maxLength: 200 });
    fc.assert(
      fc.property(levels, (all) => {
        const subject = new SignalDetector();
        let heardAt = 0;
        all.forEach((level, index) => {
          if (level > -85) heardAt = index * 100;
          if (subject.handleLevel(level, index * 100) === 'silent') {
            expect(index * 100 - heardAt).toBeGreaterThanOrEqual(4_000);
          }
        });
      }),
    );
  });

  it('measures a full wave as nearly 0 dBFS and nothing as no level at all', () => {
    expect(decibelsOf(Float32Array.of(1, -1, 1, -1))).toBeCloseTo(0);
    expect(decibelsOf(new Float32Array(8))).toBeLessThan(-1_000);
  });
});

describe('PushToTalk', () => {
  let told: boolean[];
  let key: PushToTalk;
  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    key = new PushToTalk((muted) => told.push(muted));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is heard while it is held, and a moment longer', () => {
    key.press();
    key.press();
    key.release();
    expect(told).toEqual([false]);
    vi.advanceTimersByTime(200);
    expect(told).toEqual([false, true]);
  });

  it('goes on when the key is pressed again in that moment', () => {
    key.press();
    key.release();
    vi.advanceTimersByTime(100);
    key.press();
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([false]);
    expect(key.isHeld).toBe(true);
  });

  it('mutes at once when it is taken away', () => {
    key.press();
    key.close();
    key.close();
    expect(told).toEqual([false, true]);
  });
});
