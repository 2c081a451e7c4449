/** How tiles fill the stage. Pure. */
import type { Corner } from './arrange.ts';

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
}

/** Faces survive cropping to anything between a portrait phone and a wide screen. */
const NARROWEST = 0.6;
const WIDEST = 16 / 9;

/** How much of a tile's worth depends on showing the whole picture of a wide camera. */
const CROP_WEIGHT = 0.5;

/** The arrangement with the largest tiles; on a wide stage, cutting the sides off wide pictures counts against it. */
export function layOutGrid(count: number, width: number, height: number, gap: number): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, count), tileWidth: 0, tileHeight: 0 };
  let most = 0;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const cellWidth = Math.max(0, (width - gap * (columns - 1)) / columns);
    const cellHeight = Math.max(0, (height - gap * (rows - 1)) / rows);
    const tileWidth = evenFloor(Math.min(cellWidth, cellHeight * WIDEST));
    const tileHeight = evenFloor(Math.min(cellHeight, tileWidth / NARROWEST));
    const worth = worthOf(tileWidth, tileHeight, width > height);
    if (worth > most) {
      most = worth;
      best = { columns, rows, tileWidth, tileHeight };
    }
  }
  return best;
}

/** Tiles stand in the middle: an odd size would put all their edges between two pixels, where they are blurred. */
function evenFloor(pixels: number): number {
  return 2 * Math.floor(pixels / 2);
}

/** Where a tile stands in a grid whose rows are in the middle: in which corners, and how far from either side of the stage. */
export function standingOf(
  index: number,
  count: number,
  { columns, tileWidth }: Grid,
  width: number,
  gap: number,
): { readonly corners: readonly Corner[]; readonly aside: number } {
  const row = Math.floor(index / columns);
  const inRow = Math.min(columns, count - row * columns);
  const place = index % columns;
  const vertical = [...(row === 0 ? ['top'] : []), ...((row + 1) * columns >= count ? ['bottom'] : [])];
  const horizontal = [...(place === 0 ? ['start'] : []), ...(place === inRow - 1 ? ['end'] : [])];
  return {
    corners: vertical.flatMap((one) => horizontal.map((other) => `${one}-${other}` as Corner)),
    aside: (width - inRow * tileWidth - (inRow - 1) * gap) / 2,
  };
}

function worthOf(tileWidth: number, tileHeight: number, isWideStage: boolean): number {
  if (tileHeight === 0) return 0;
  const uncropped = isWideStage ? Math.min(1, tileWidth / tileHeight / WIDEST) : 1;
  return tileWidth * tileHeight * (1 - CROP_WEIGHT + CROP_WEIGHT * uncropped);
}

/** A connection has ten video slots. */
export const MAX_PICTURES = 10;

/** Nine faces and a screen. */
const MAX_TILES = 9;

/** Below this width nine faces would be stamps. */
const NARROW = 560;
const MAX_TILES_NARROW = 6;

/** How many tiles a grid of this width holds; a width that is not known yet counts as wide. */
export function gridPlaces(width: number): number {
  return width > 0 && width < NARROW ? MAX_TILES_NARROW : MAX_TILES;
}

/** Faces beside something larger: stage.css says the same. */
export const STRIP_TILE = { minWidth: 150, height: 132 };

/** How many faces a strip of this size holds, at least one. */
export function stripPlaces(width: number, height: number, gap: number): number {
  if (width === 0 || height === 0) return MAX_TILES;
  const columns = Math.floor((width + gap) / (STRIP_TILE.minWidth + gap));
  const rows = Math.floor((height + gap) / (STRIP_TILE.height + gap));
  return Math.max(1, columns) * Math.max(1, rows);
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly page: number;
  readonly pages: number;
}

/** Splits what does not fit into pages; a page that is gone becomes the last one. */
export function paginate<Item>(items: readonly Item[], wanted: number, places: number): Page<Item> {
  const pages = Math.max(1, Math.ceil(items.length / places));
  const page = Math.min(Math.max(0, wanted), pages - 1);
  return { items: items.slice(page * places, (page + 1) * places), page, pages };
}

/** A colour of one's own, the same on every screen: hue from the id. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 360;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return (
    ends
      .map((word) => firstOf(word ?? ''))
      .join('')
      .toLocaleUpperCase() || '?'
  );
}

/** What a reader would call the first letter: an accent or an emoji's skin is not cut off. */
function firstOf(word: string): string {
  return graphemes.segment(word)[Symbol.iterator]().next().value?.segment ?? '';
}
