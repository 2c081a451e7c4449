/** Chat: what was written, and what of it is not sent yet. */
import type { ParticipantId } from './people.ts';

export interface ChatMessage {
  readonly id: string;
  readonly from: ParticipantId;
  readonly displayName: string;
  readonly text: string;
  readonly at: string;
  /** Set when it was meant for one participant only. */
  readonly to?: ParticipantId;
  /** The sender's own name for it. */
  readonly key?: string;
}

/** A message of one's own that the node has not confirmed. */
export interface OutgoingMessage {
  readonly key: string;
  readonly text: string;
  readonly to?: ParticipantId;
  /** `sending` goes on by itself through losses of the connection. */
  readonly state: 'sending' | 'notSent';
  /** The node's code where it refused the message; null while nothing is known, and where the meeting was over first. */
  readonly reason: string | null;
}
