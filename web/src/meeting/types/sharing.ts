/** Sharing the screen: what is shared, and whose turn it is. */
import type { ParticipantId } from './people.ts';

/** A share in the place of somebody else's. */
export interface SharingControls {
  /** While somebody else shares: asks them and the hosts to make room. The answer is in `shareTurn`. */
  ask(): void;
  /** One does not want the place any more. */
  giveUpTurn(): void;
  /** Whoever shares, and hosts: a yes ends the share that is there. */
  answer(participant: ParticipantId, isAllowed: boolean): void;
}

/** How one's own wish to share in another's place stands: `allowed` waits for one's own click. */
export type ShareTurn = 'none' | 'asked' | 'allowed';

/** `auto` looks at what is shared; the others are the sharer's own word. */
export type ShareContent = 'auto' | 'text' | 'motion';

/** One's own share. */
export interface ShareSnapshot {
  /** What it is taken for now: it rests, somebody works on text, or it moves like a film. */
  readonly content: 'static' | 'text' | 'motion';
  readonly chosen: ShareContent;
  /** What was chosen in the browser's dialog; null where the browser does not say. */
  readonly surface: 'monitor' | 'window' | 'browser' | null;
}

export interface ShareOptions {
  /** Default `auto`. */
  readonly content?: ShareContent;
  /**
   * Takes the place of somebody who shares now, which hosts may, and cohosts where it is no host. Without it, sharing while somebody else
   * does is refused with `share_taken`.
   */
  readonly takeOver?: boolean;
}
