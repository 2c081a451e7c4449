/** Why a picture that is switched on is not there. Pure. */
import type { ParticipantSnapshot, TrackSnapshot } from '../meeting/index.ts';

/**
 * Whose link does not carry it: one's own as it is sent, that of whoever sends it, or one's own as it comes. Or the
 * meeting's server has no time for it.
 */
export type Pause = 'own' | 'sender' | 'receiver' | 'node';

/** Null also of a picture that was switched off: then that is why. */
export function pauseOf({ isSelf }: ParticipantSnapshot, track: TrackSnapshot | undefined): Pause | null {
  if (track === undefined || track.muted) return null;
  if (track.isPausedBySender === true) return isSelf ? 'own' : 'sender';
  if (track.isPaused !== true) return null;
  return track.limitedBy === 'node' ? 'node' : 'receiver';
}
