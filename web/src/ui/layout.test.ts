import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialsOf, layOutGrid, paginate } from './layout.ts';

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
      }),
    );
  });
});

describe('paginate', () => {
  const people = [...Array(20).keys()];

  it('puts nine on a page, six on a narrow one', () => {
    expect(paginate(people, 0, 1400)).toMatchObject({ items: { length: 9 }, page: 0, pages: 3 });
    expect(paginate(people, 1, 390)).toMatchObject({ items: [6, 7, 8, 9, 10, 11], pages: 4 });
  });

  it('shows the last page when the wanted one is gone, and one page to nobody', () => {
    expect(paginate(people, 7, 1400)).toMatchObject({ items: [18, 19], page: 2 });
    expect(paginate([], 3, 1400)).toEqual({ items: [], page: 0, pages: 1 });
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
