/** FrameComparison: draws frames small and compares each with the one before. Works on the main thread and in workers. */
import { CELLS, SAMPLE_HEIGHT, SAMPLE_WIDTH, changedCells, lumaOf, type CellChanges } from './frameChange.ts';

export class FrameComparison {
  readonly #canvas = new OffscreenCanvas(SAMPLE_WIDTH, SAMPLE_HEIGHT).getContext('2d', {
    willReadFrequently: true,
  });
  #before: Uint8Array | null = null;

  /** Without a new frame nothing changed: captures send none while the screen rests. */
  next(frame: CanvasImageSource | null): CellChanges {
    if (frame === null || this.#canvas === null) return new Uint8Array(CELLS);
    this.#canvas.drawImage(frame, 0, 0, SAMPLE_WIDTH, SAMPLE_HEIGHT);
    const after = lumaOf(this.#canvas.getImageData(0, 0, SAMPLE_WIDTH, SAMPLE_HEIGHT).data);
    const before = this.#before;
    this.#before = after;
    return before === null ? new Uint8Array(CELLS) : changedCells(before, after);
  }
}
