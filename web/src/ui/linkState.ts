/** How somebody's link is shown: one word for it, and when another one takes its place. Pure. */
import type { ParticipantSnapshot } from '../meeting/index.ts';

/** `poor…`: pictures pause for it. `node`: the own link is well, and the media node short of CPU. */
export type LinkState =
  'good' | 'uplink' | 'downlink' | 'node' | 'poorUplink' | 'poorDownlink' | 'lost' | 'unknown';

/** Of four. */
export const BARS: Readonly<Record<LinkState, number>> = {
  good: 4,
  uplink: 2,
  downlink: 2,
  node: 2,
  poorUplink: 1,
  poorDownlink: 1,
  lost: 0,
  unknown: 0,
};

/** As it is at this moment. */
export function linkOf(participant: ParticipantSnapshot): LinkState {
  const { connectionQuality, arePicturesPaused = false } = participant;
  if (connectionQuality === 'lost') return 'lost';
  if (picturesOf(participant).some(({ isPausedBySender }) => isPausedBySender === true)) return 'poorUplink';
  return arePicturesPaused && connectionQuality === 'downlink' ? 'poorDownlink' : connectionQuality;
}

function picturesOf({ tracks }: ParticipantSnapshot) {
  return [tracks.camera, tracks.screen].filter((track) => track !== undefined);
}

/** A pause of a second is no news; the node has waited for some seconds before it calls a link weak. */
export const WORSE_MS = 2_000;
/** People look twice before they believe that it is over. */
export const BETTER_MS = 5_000;

export interface Steady {
  readonly shown: LinkState;
  readonly seen: LinkState;
  /** Since when what is seen has been better than what is shown, or worse, or another thing as bad; in milliseconds. */
  readonly since: number;
}

/** Shows what has lasted. That somebody is not connected, or that nothing is known, waits for nothing. */
export function nextSteady(before: Steady | undefined, seen: LinkState, now: number): Steady {
  if (before === undefined || isSudden(seen) || isSudden(before.shown))
    return before?.shown === seen && before.seen === seen ? before : { shown: seen, seen, since: now };
  const goesOn = seen !== before.shown && trendOf(before) === trendOf({ ...before, seen });
  const steady = { shown: before.shown, seen, since: goesOn ? before.since : now };
  if (dueAt(steady) <= now) return { shown: seen, seen, since: now };
  return seen === before.seen ? before : steady;
}

/** When what is seen will be shown, if it stays. */
export function dueAt(steady: Steady): number {
  const { shown, seen, since } = steady;
  if (seen === shown) return Infinity;
  return since + (trendOf(steady) < 0 ? WORSE_MS : BETTER_MS);
}

function trendOf({ shown, seen }: Pick<Steady, 'shown' | 'seen'>): number {
  return seen === shown ? NaN : Math.sign(BARS[seen] - BARS[shown]);
}

function isSudden(state: LinkState): boolean {
  return state === 'lost' || state === 'unknown';
}
