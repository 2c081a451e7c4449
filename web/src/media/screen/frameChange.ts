/**
 * Which parts of a shared picture changed from one downscaled frame to the next. Pure numbers.
 *
 * The picture is looked at through a grid of cells, because *where* something moves tells what it is: a blinking cursor
 * is one cell, typing a few in a row, a film a block of cells that never rests.
 */

/** Enough to tell a line of text from its neighbour; small enough that a comparison costs microseconds. */
export const SAMPLE_WIDTH = 160;
export const SAMPLE_HEIGHT = 90;
export const CELL_PIXELS = 10;
export const COLUMNS = SAMPLE_WIDTH / CELL_PIXELS;
export const ROWS = SAMPLE_HEIGHT / CELL_PIXELS;
export const CELLS = COLUMNS * ROWS;

/** Of 255: below it lies the noise of scaling and of a decoder, above it the faintest grey text. */
const PIXEL_STEP = 10;
/** Of a cell's 100 pixels: a cursor that blinks covers two. */
const MIN_PIXELS = 2;

/** One entry per cell, row by row: 1 where it changed. Shape (CELLS,). */
export type CellChanges = Uint8Array;

/** Rec. 601 brightness of RGBA pixels. @param rgba Shape (4 × SAMPLE_WIDTH × SAMPLE_HEIGHT,). */
export function lumaOf(rgba: ArrayLike<number>): Uint8Array {
  const luma = new Uint8Array(SAMPLE_WIDTH * SAMPLE_HEIGHT);
  for (let index = 0; index < luma.length; index += 1) {
    const at = index * 4;
    luma[index] = (77 * (rgba[at] ?? 0) + 150 * (rgba[at + 1] ?? 0) + 29 * (rgba[at + 2] ?? 0)) >> 8;
  }
  return luma;
}

/** Both frames as brightness, shape (SAMPLE_WIDTH × SAMPLE_HEIGHT,). */
export function changedCells(before: Uint8Array, after: Uint8Array): CellChanges {
  const pixels = new Uint8Array(CELLS);
  for (let index = 0; index < after.length; index += 1) {
    if (Math.abs((after[index] ?? 0) - (before[index] ?? 0)) < PIXEL_STEP) continue;
    const row = Math.floor(index / SAMPLE_WIDTH / CELL_PIXELS);
    const column = Math.floor((index % SAMPLE_WIDTH) / CELL_PIXELS);
    const cell = row * COLUMNS + column;
    pixels[cell] = (pixels[cell] ?? 0) + 1;
  }
  return pixels.map((count) => (count >= MIN_PIXELS ? 1 : 0));
}
