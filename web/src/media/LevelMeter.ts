/**
 * LevelMeter: how loud a captured track is, for a meter that moves.
 *
 * Owns its ears, which it opens at its first look: to begin with, the page shows what was captured.
 */
import { openEars, wake, type Ears } from './ears.ts';
import type { LevelMeterClient } from './types.ts';

/** Eyes see 20 steps a second as motion; more only costs battery. */
const INTERVAL_MS = 50;
/** 1024 samples are 21 ms at 48 kHz: shorter than the interval, longer than a wave of the deepest voice. */
const WINDOW = 1024;
/** Below this a microphone is noise, above it clips soon: the ends of the meter. */
const FLOOR_DB = -60;
const CEILING_DB = -10;

export class LevelMeter implements LevelMeterClient {
  readonly #track: MediaStreamTrack;
  #ears: Ears | null = null;
  readonly #samples = new Float32Array(WINDOW);
  readonly #listeners = new Set<(level: number) => void>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(track: MediaStreamTrack) {
    this.#track = track;
    this.#timer = setInterval(() => {
      this.#measure();
    }, INTERVAL_MS);
  }

  readonly subscribe = (listener: (level: number) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
    void this.#ears?.context.close();
  }

  #measure(): void {
    this.#ears ??= openEars(this.#track, WINDOW);
    if (this.#ears === null) {
      this.close();
      return;
    }
    const { context, analyser } = this.#ears;
    wake(context);
    analyser.getFloatTimeDomainData(this.#samples);
    const level = levelOf(this.#samples);
    for (const listener of this.#listeners) listener(level);
  }
}

/** Root mean square in dBFS, mapped to 0..1. */
export function levelOf(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) sum += (samples[index] ?? 0) ** 2;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + Number.MIN_VALUE);
  return Math.min(1, Math.max(0, (decibels - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}
