import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CORNERS,
  MAX_PINS,
  arrange,
  cornerAt,
  cornerBeyond,
  shownFirst,
  togglePin,
  type Scene,
} from './arrange.ts';

const CALM: Scene = {
  ids: ['me', 'a', 'b', 'c', 'd', 'e'],
  self: 'me',
  sharer: null,
  pins: [],
  activeSpeaker: null,
  choice: 'auto',
  isSelfHidden: false,
  places: { grid: 9, strip: 9 },
};

const scene = (change: Partial<Scene>): Scene => ({ ...CALM, ...change });

describe('the stage', () => {
  it('gives a guest alone the stage, and two people one another with oneself in a corner', () => {
    expect(arrange(scene({ ids: ['me'] }))).toMatchObject({ kind: 'alone', main: ['me'] });
    expect(arrange(scene({ ids: ['me', 'a'] }))).toEqual({
      kind: 'duo',
      main: ['a'],
      strip: [],
      floating: 'me',
    });
  });

  it('has two people side by side where a grid was chosen', () => {
    const two = { ids: ['me', 'a'], choice: 'grid' } as const;
    expect(arrange(scene(two))).toEqual({ kind: 'grid', main: ['me', 'a'], strip: [], floating: null });
    expect(arrange(scene({ ...two, isSelfHidden: true }))).toMatchObject({ main: ['a'], floating: null });
    expect(arrange(scene({ ...two, choice: 'speaker' }))).toMatchObject({ main: ['a'], floating: 'me' });
  });

  it('shows everyone in a grid, and who speaks large where that is wished or the meeting is big', () => {
    expect(arrange(CALM)).toMatchObject({ kind: 'grid', main: CALM.ids, floating: null });
    expect(arrange(scene({ choice: 'speaker', activeSpeaker: 'c' }))).toEqual({
      kind: 'speaker',
      main: ['c'],
      strip: ['a', 'b', 'd', 'e'],
      floating: 'me',
    });
    const crowd = ['me', ...Array.from({ length: 20 }, (_, index) => `p${String(index)}`)];
    expect(arrange(scene({ ids: crowd })).kind).toBe('speaker');
    expect(arrange(scene({ ids: crowd, choice: 'grid' })).kind).toBe('grid');
  });

  it('puts up to four pinned tiles first, and the oldest pin gives way to a fifth', () => {
    const pins = ['a', 'b', 'c', 'd', 'e'].reduce<readonly string[]>(togglePin, []);
    expect(pins).toEqual(['b', 'c', 'd', 'e']);
    expect(togglePin(pins, 'c')).toEqual(['b', 'd', 'e']);
    expect(arrange(scene({ pins }))).toEqual({ kind: 'pinned', main: pins, strip: ['a'], floating: 'me' });
    expect(arrange(scene({ pins: ['me'] }))).toMatchObject({ main: ['me'], floating: null });
  });

  it('has the presenter beside the screen, then who is pinned', () => {
    expect(arrange(scene({ sharer: 'c', pins: ['d'] }))).toMatchObject({
      kind: 'share',
      main: [],
      strip: ['c', 'd', 'me', 'a', 'b', 'e'],
    });
  });

  it('makes room in a strip that presenter, pins and oneself fill: the presenter for who speaks, oneself for the others', () => {
    const full = { sharer: 'c', pins: ['d'], places: { grid: 9, strip: 2 } };
    expect(arrange(scene(full)).strip).toEqual(['c', 'd', 'a', 'b', 'e', 'me']);
    expect(arrange(scene({ ...full, activeSpeaker: 'b' })).strip.slice(0, 2)).toEqual(['b', 'd']);
    expect(arrange(scene({ ...full, activeSpeaker: 'd' })).strip.slice(0, 2)).toEqual(['c', 'd']);
    for (const activeSpeaker of ['me', 'viewer'])
      expect(arrange(scene({ ...full, activeSpeaker })).strip.slice(0, 2)).toEqual(['c', 'd']);
    expect(arrange(scene({ ...full, ids: ['me', 'c', 'd'], places: { grid: 9, strip: 3 } })).strip).toEqual([
      'c',
      'd',
      'me',
    ]);
  });

  it('knows who is seen without turning a page', () => {
    const places = { grid: 4, strip: 2 };
    expect(shownFirst(scene({ places }))).toEqual(['me', 'a', 'b', 'c']);
    expect(shownFirst(scene({ places, pins: ['e'] }))).toEqual(['e', 'a', 'b']);
    expect(shownFirst(scene({ places, sharer: 'e' }))).toEqual(['e', 'a']);
    expect(shownFirst(scene({ places, choice: 'speaker', activeSpeaker: 'e' }))).toEqual(['a', 'b', 'c']);
  });

  it('shows everyone once and nobody who is gone, oneself only when not hidden', () => {
    const someone = fc.constantFrom('me', 'a', 'b', 'c', 'd', 'gone');
    fc.assert(
      fc.property(
        fc.record({
          ids: fc.uniqueArray(fc.constantFrom('me', 'a', 'b', 'c', 'd', 'e'), { minLength: 1 }),
          self: fc.constant('me'),
          sharer: fc.option(fc.constantFrom('a', 'me')),
          pins: fc.uniqueArray(someone),
          activeSpeaker: fc.option(someone),
          choice: fc.constantFrom('auto' as const, 'grid' as const, 'speaker' as const),
          isSelfHidden: fc.boolean(),
          places: fc.record({ grid: fc.integer({ min: 1, max: 9 }), strip: fc.integer({ min: 1, max: 9 }) }),
        }),
        (drawn) => {
          const { main, strip, floating, kind } = arrange(drawn);
          const shown = [...main, ...strip, ...(floating === null ? [] : [floating])];
          expect(new Set(shown).size).toBe(shown.length);
          const hidden = drawn.isSelfHidden && (drawn.ids.length > 1 || drawn.sharer !== null);
          expect(shown.filter((id) => id !== 'me').sort()).toEqual(
            drawn.ids.filter((id) => id !== 'me').sort(),
          );
          if (hidden && drawn.ids.some((id) => id !== 'me')) expect(shown).not.toContain('me');
          if (kind === 'pinned') expect(main.length).toBeLessThanOrEqual(MAX_PINS);
        },
      ),
    );
  });
});

describe('the corner of the self view', () => {
  const stage = { width: 100, height: 100 };

  it('is the nearest one, mirrored where people write from the right', () => {
    expect(cornerAt({ x: 10, y: 10 }, stage, false)).toBe('top-start');
    expect(cornerAt({ x: 90, y: 10 }, stage, false)).toBe('top-end');
    expect(cornerAt({ x: 10, y: 90 }, stage, true)).toBe('bottom-end');
  });

  it('moves by arrow keys the way the arrow points', () => {
    expect(cornerBeyond('bottom-end', 'ArrowUp', false)).toBe('top-end');
    expect(cornerBeyond('bottom-end', 'ArrowLeft', false)).toBe('bottom-start');
    expect(cornerBeyond('bottom-end', 'ArrowLeft', true)).toBeNull();
    expect(cornerBeyond('bottom-end', 'x', false)).toBeNull();
    for (const corner of CORNERS)
      expect(cornerBeyond(corner, 'ArrowDown', false) ?? corner).toMatch(/^bottom/);
  });
});
