import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_CHANGE, screenShape, textFps, type ScreenChange } from './screenShape.ts';

const change = (given: Partial<ScreenChange>): ScreenChange => ({ ...NO_CHANGE, ...given });

describe('how fast text is refreshed', () => {
  it('follows the hand that types a line', () => {
    expect(textFps(change({ area: 0.02, hz: 4 }))).toBe(30);
  });

  it('gives a clock or a cursor no more than usual', () => {
    expect(textFps(change({ area: 0.02, hz: 1 }))).toBe(15);
    expect(textFps(NO_CHANGE)).toBe(15);
  });

  it('gives up frames as more of the page changes, so that each stays sharp', () => {
    const areas = [0.05, 0.1, 0.2, 0.5, 1];
    expect(areas.map((area) => textFps(change({ area, hz: 10 })))).toEqual([30, 15, 8, 8, 8]);
  });

  it('spends all bits on a new page first', () => {
    expect(textFps(change({ area: 0.02, hz: 10, isNewPicture: true }))).toBe(8);
  });

  it('never rises when more changes, and stays one that a screen is captured at', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const hz = fc.double({ min: 0, max: 10, noNaN: true });
    fc.assert(
      fc.property(share, share, hz, fc.boolean(), (one, other, hz, isNewPicture) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map((area) =>
          textFps({ area, hz, isNewPicture }),
        );
        expect([8, 15, 30]).toContain(more);
        expect(more).toBeLessThanOrEqual(less ?? 0);
      }),
    );
  });
});

describe('the shape of a screen', () => {
  it('keeps a film at its frames and a rest at few, whatever changes', () => {
    const all = change({ area: 1, hz: 10, isNewPicture: true });
    expect(screenShape('motion', all).maxFramerate).toBe(30);
    expect(screenShape('static', change({ area: 0.02, hz: 4 })).maxFramerate).toBe(5);
    expect(screenShape('text', all)).toMatchObject({
      maxFramerate: 8,
      degradationPreference: 'maintain-resolution',
    });
  });
});
