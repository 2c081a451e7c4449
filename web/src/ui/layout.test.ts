import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialsOf, layOutGrid } from './layout.ts';

describe('layOutGrid', () => {
  it('gives one person the stage, and four a square of tiles', () => {
    expect(layOutGrid(1, 1600, 900, 12)).toEqual({ columns: 1, rows: 1, tileWidth: 1600, tileHeight: 900 });
    expect(layOutGrid(4, 1600, 900, 12)).toMatchObject({ columns: 2, rows: 2 });
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
