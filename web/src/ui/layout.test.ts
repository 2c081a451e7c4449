import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gridPlaces, initialsOf, layOutGrid, paginate, standingOf, stripPlaces } from './layout.ts';

describe('layOutGrid', () => {
  it('gives one person the stage, and four a square of tiles', () => {
    expect(layOutGrid(1, 1600, 900, 12)).toEqual({ columns: 1, rows: 1, tileWidth: 1600, tileHeight: 900 });
    expect(layOutGrid(4, 1600, 900, 12)).toMatchObject({ columns: 2, rows: 2 });
    expect(layOutGrid(9, 1400, 700, 12)).toMatchObject({ columns: 3, rows: 3 });
    expect(layOutGrid(3, 1408, 745, 12)).toMatchObject({ columns: 2, rows: 2 });
    expect(layOutGrid(4, 366, 700, 12)).toMatchObject({ columns: 2, rows: 2 });
  });

  it('never reaches beyond the stage, however small it is', () => {
    const side = fc.integer({ min: 0, max: 4000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), side, side, (count, width, height) => {
        const { columns, rows, tileWidth, tileHeight } = layOutGrid(count, width, height, 12);
        expect(columns * rows).toBeGreaterThanOrEqual(count);
        if (tileWidth === 0) return;
        expect(columns * tileWidth + 12 * (columns - 1)).toBeLessThanOrEqual(width);
        expect(rows * tileHeight + 12 * (rows - 1)).toBeLessThanOrEqual(height);
        // Half of what is left over is a whole pixel then, in a stage of an even size, and half a tile is.
        expect([tileWidth % 2, tileHeight % 2]).toEqual([0, 0]);
      }),
    );
  });
});

describe('pages', () => {
  const people = [...Array(20).keys()];

  it('hold nine tiles, six on a narrow stage, and in a strip as many as fit', () => {
    expect([gridPlaces(0), gridPlaces(1400), gridPlaces(390)]).toEqual([9, 9, 6]);
    expect(stripPlaces(224, 700, 12)).toBe(4);
    expect(stripPlaces(366, 300, 12)).toBe(4);
    expect(stripPlaces(100, 20, 12)).toBe(1);
    expect(stripPlaces(0, 0, 12)).toBe(9);
  });

  it('show what is wanted, and the last one when that is gone', () => {
    expect(paginate(people, 1, 6)).toMatchObject({ items: [6, 7, 8, 9, 10, 11], pages: 4 });
    expect(paginate(people, 7, 9)).toMatchObject({ items: [18, 19], page: 2 });
    expect(paginate([], 3, 9)).toEqual({ items: [], page: 0, pages: 1 });
  });
});

describe('initialsOf', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['  cécile  maria  ångström ', 'CÅ'],
    ['Plato', 'P'],
    ['👩🏽‍🚀 Sally', '👩🏽‍🚀S'],
    ['', '?'],
  ])('of %j are %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});

describe('standingOf', () => {
  const grid = { columns: 2, rows: 2, tileWidth: 400, tileHeight: 300 };

  it('is all corners for one tile, and how far its sides are from those of the stage', () => {
    const corners = ['top-start', 'top-end', 'bottom-start', 'bottom-end'];
    expect(standingOf(0, 1, { ...grid, columns: 1 }, 844, 12)).toEqual({ corners, aside: 222 });
  });

  it('is one corner each for four, and two for a last row of one, which stands in the middle', () => {
    const all = (count: number) =>
      Array.from({ length: count }, (_, index) => standingOf(index, count, grid, 832, 12));
    expect(all(4)).toEqual(
      ['top-start', 'top-end', 'bottom-start', 'bottom-end'].map((corner) => ({
        corners: [corner],
        aside: 10,
      })),
    );
    expect(all(3)[2]).toEqual({ corners: ['bottom-start', 'bottom-end'], aside: 216 });
  });

  it('is no corner for who stands between others', () => {
    expect(standingOf(1, 3, { ...grid, columns: 3, rows: 1 }, 1224, 12).corners).toEqual([]);
  });
});
