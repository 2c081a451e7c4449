/** What the node refused, in the words of whoever asked for it. Pure. */
import type { ParticipantId, Refusal, Role } from '../meeting/index.ts';

/** Words of `denied` in languages/live. */
export type RefusalWords =
  | 'mute'
  | 'remove'
  | 'lowerHand'
  | 'captioners'
  | 'overHost'
  | 'caption'
  | 'share'
  | 'send'
  | 'gone'
  | 'tooOften'
  | 'other';

const BY_ACTION: Readonly<Record<string, RefusalWords>> = {
  mute: 'mute',
  remove: 'remove',
  lowerHand: 'lowerHand',
  allowCaptions: 'captioners',
  stopCaptions: 'captioners',
};

const BY_TYPE: Readonly<Record<string, RefusalWords>> = {
  caption: 'caption',
  askToShare: 'share',
  answerShare: 'share',
  publish: 'send',
};

/** Null for what is told elsewhere, in the chat and by the end of a share, and for what is so already. */
export function wordsOfRefusal(
  { code, request }: Refusal,
  roleOf: (participant: ParticipantId) => Role | undefined,
): RefusalWords | null {
  const { type, action, participant } = request ?? {};
  if (type === 'message' || code === 'screen_taken') return null;
  if (code === 'too_often') return 'tooOften';
  const isHere = participant !== undefined && roleOf(participant) !== undefined;
  // Of somebody who is here: what was to end, or to be said, has ended or was said by themselves.
  if (type === 'moderate' && (code === 'not_found' || code === 'conflict')) return isHere ? null : 'gone';
  if (code !== 'not_granted') return 'other';
  const isOverHost = participant !== undefined && roleOf(participant) === 'host';
  if (type === 'moderate') return isOverHost ? 'overHost' : (BY_ACTION[action ?? ''] ?? 'other');
  return BY_TYPE[type ?? ''] ?? 'other';
}
