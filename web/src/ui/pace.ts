/** At what pace lines are told: each by itself while few come, a flood of them by its number. Pure. */

/** As many as one listens to, one after the other, within the time below. */
export const FEW = 3;
export const WITHIN_MS = 5_000;

export type Told<Line> =
  { readonly kind: 'line'; readonly line: Line } | { readonly kind: 'many'; readonly count: number };

export interface Pace<Line> {
  /** When what was told of late was told. */
  readonly toldAt: readonly number[];
  /** What came too fast, and is told at `dueAt`. */
  readonly held: readonly Line[];
  /** Null while nothing is held. */
  readonly dueAt: number | null;
}

export const CALM: Pace<never> = { toldAt: [], held: [], dueAt: null };

/** What is to be told now, of lines that have just come and of those that were held before. */
export function tellLines<Line>(
  before: Pace<Line>,
  came: readonly Line[],
  now: number,
): { readonly pace: Pace<Line>; readonly told: readonly Told<Line>[] } {
  const { pace, told } = tellHeld(before, now);
  const room = pace.held.length > 0 ? 0 : Math.max(0, FEW - pace.toldAt.length);
  const alone = came.slice(0, room);
  const held = [...pace.held, ...came.slice(room)];
  return {
    pace: {
      toldAt: [...pace.toldAt, ...alone.map(() => now)],
      held,
      dueAt: held.length === 0 ? null : (pace.dueAt ?? now + WITHIN_MS),
    },
    told: [...told, ...alone.map((line) => ({ kind: 'line', line }) as const)],
  };
}

function tellHeld<Line>(before: Pace<Line>, now: number): ReturnType<typeof tellLines<Line>> {
  const { held, dueAt } = before;
  const toldAt = before.toldAt.filter((at) => now - at < WITHIN_MS);
  if (dueAt === null || now < dueAt) return { pace: { ...before, toldAt }, told: [] };
  const [first] = held;
  if (held.length === 1 && first !== undefined) {
    return {
      pace: { ...CALM, toldAt: [...toldAt, now] },
      told: [{ kind: 'line', line: first }],
    };
  }
  // A flood that goes on is told by number again: not line by line until it has been calm for as long.
  return {
    pace: { ...CALM, toldAt: Array<number>(FEW).fill(now) },
    told: [{ kind: 'many', count: held.length }],
  };
}
