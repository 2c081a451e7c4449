/**
 * ContentClassifier: is the shared picture at rest, text that somebody works on, or a moving picture?
 *
 * Pure: fed with the changed cells of ten samples a second, time passed in. Each answer has to be earned for a while
 * before it replaces the last one, because every switch costs a keyframe: scrolling through a page is not yet a film,
 * and a cut to a still scene does not yet make a film a text.
 */
import { CELLS, type CellChanges } from './frameChange.ts';

export type Content = 'static' | 'text' | 'motion';

/** What of the picture changed lately. */
export interface Region {
  /** Its share of the picture: a line that is typed and a clock far from it are two small places, not all between. */
  readonly area: number;
  /** How often its fastest cell changes, changes a second as far as samples can tell. */
  readonly hz: number;
}

export interface Reading {
  readonly content: Content;
  /** Null while the picture rests. */
  readonly region: Region | null;
  /** The whole picture changed at once after a rest: a slide, another window. */
  readonly isNewPicture: boolean;
}

export const SAMPLE_HZ = 10;
/** A cell's past halves in about three samples. */
const WEIGHT = 0.2;
/** Changed in two of three samples or more: no hand types or points that steadily. */
const MOVING = 0.65;
/** A small film in a page: a quarter of the width and of the height. Half as much ends it. */
const MOTION_AREA = 0.06;
const REST_AREA = 0.03;
/** Longer than a flick through a page. */
const MOTION_AFTER_MS = 1_500;
/** Longer than a cut to a still shot, or a click on pause by mistake. */
const TEXT_AFTER_MS = 3_000;
const STATIC_AFTER_MS = 4_000;
/** A cursor or a clock alone leaves a picture at rest. */
const MIN_CHANGE = 2 / CELLS;
/** Nearly everything but margins and a toolbar. */
const NEW_PICTURE_AREA = 0.4;
const NEW_PICTURE_REST_MS = 1_000;
/** Below this a cell counts as at rest again. */
const FORGOTTEN = 0.05;

export class ContentClassifier {
  #rates = new Float64Array(CELLS);
  #content: Content = 'text';
  /** Since when what is seen speaks for a moving picture, or against it. */
  #movingSince: number | null = null;
  #restingSince: number | null = null;
  #changedAt: number;
  #bigChangeAt: number;

  /** Begins as text: sharp at once, and a film is noticed soon. @param now Monotonic milliseconds. */
  constructor(now: number) {
    this.#changedAt = now;
    this.#bigChangeAt = now;
  }

  get content(): Content {
    return this.#content;
  }

  /** Another surface is shared from now on. */
  reset(now: number): void {
    this.#rates = new Float64Array(CELLS);
    this.#content = 'text';
    this.#movingSince = null;
    this.#restingSince = null;
    this.#changedAt = now;
    this.#bigChangeAt = now;
  }

  handleSample(changes: CellChanges, now: number): Reading {
    const changed = this.#blend(changes);
    const moving = this.#rates.reduce((count, rate) => count + (rate >= MOVING ? 1 : 0), 0) / CELLS;
    const isNewPicture = changed >= NEW_PICTURE_AREA && now - this.#bigChangeAt >= NEW_PICTURE_REST_MS;
    if (changed >= NEW_PICTURE_AREA) this.#bigChangeAt = now;
    if (changed >= MIN_CHANGE) this.#changedAt = now;
    this.#movingSince = moving >= MOTION_AREA ? (this.#movingSince ?? now) : null;
    this.#restingSince = moving < REST_AREA ? (this.#restingSince ?? now) : null;
    this.#decide(now);
    return { content: this.#content, region: regionOf(this.#rates), isNewPicture };
  }

  /** Returns the share of cells that changed. */
  #blend(changes: CellChanges): number {
    let changed = 0;
    this.#rates.forEach((rate, cell) => {
      const hit = changes[cell] === 1 ? 1 : 0;
      changed += hit;
      this.#rates[cell] = rate + (hit - rate) * WEIGHT;
    });
    return changed / CELLS;
  }

  #decide(now: number): void {
    const lasted = (since: number | null, ms: number): boolean => since !== null && now - since >= ms;
    if (this.#content === 'motion') {
      if (lasted(this.#restingSince, TEXT_AFTER_MS)) this.#content = 'text';
      return;
    }
    if (lasted(this.#movingSince, MOTION_AFTER_MS)) this.#content = 'motion';
    else this.#content = lasted(this.#changedAt, STATIC_AFTER_MS) ? 'static' : 'text';
  }
}

function regionOf(rates: Float64Array): Region | null {
  const lively = rates.filter((rate) => rate >= FORGOTTEN);
  return lively.length === 0 ? null : { area: lively.length / CELLS, hz: Math.max(...lively) * SAMPLE_HZ };
}
