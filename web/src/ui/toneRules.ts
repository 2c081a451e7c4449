/** When a tone would be too much. Pure; times in milliseconds. */

/** Two things at once are heard as one. */
export const APART_MS = 2_000;
/** A crowd: so many who come within so long. */
export const CROWD = 5;
export const CROWD_MS = 10_000;

export interface Stillness {
  /** When the last tone was. */
  readonly toned: number;
  /** The latest who came, into the meeting or to its door. */
  readonly came: readonly number[];
}

export const NEVER: Stillness = { toned: -Infinity, came: [] };

export function withArrival(before: Stillness, now: number): Stillness {
  return { ...before, came: [...before.came, now].slice(-CROWD) };
}

/** Whether a tone may be heard; it then counts as the last one. */
export function tryTone(
  before: Stillness,
  now: number,
): { readonly isHeard: boolean; readonly after: Stillness } {
  const recent = before.came.filter((at) => now - at < CROWD_MS);
  const isHeard = recent.length < CROWD && now - before.toned >= APART_MS;
  return { isHeard, after: isHeard ? { ...before, toned: now } : before };
}
