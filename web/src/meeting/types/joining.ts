/** How one comes in. */
import type { JoinGrant } from '../../api/index.ts';

export type JoinOptions = JoinAtDoor | JoinByGrant;

/** As whoever opens the page. */
export interface JoinAtDoor extends OwnTracks {
  /** Code (`abc-defg-hij`) or id. */
  readonly meeting: string;
  readonly displayName: string;
  readonly passcode?: string;
}

/** As whom the page's own server joined to the meeting: nothing is asked of the API. */
export interface JoinByGrant extends OwnTracks {
  /** What `POST /meetings/{meeting}/join` answered with 201, whole. */
  readonly grant: JoinGrant;
  /**
   * Asks the page's server for another grant of the same person when a session was lost and cannot be resumed. Left out,
   * the API is asked by the resume token; where that is no longer good the meeting fails with `unauthorized`. What it
   * throws is tried again, unless it is a MeetingError.
   */
  readonly renewGrant?: (renewal: GrantRenewal) => Promise<JoinGrant>;
}

/** Goes into the body of the server's next join. */
export interface GrantRenewal {
  readonly resumeToken: string;
  /** The node that had no room. */
  readonly refusedBy?: string;
}

export interface OwnTracks {
  /** Tracks stay the caller's: `leave()` does not stop them. */
  readonly microphone?: MediaStreamTrack;
  readonly camera?: MediaStreamTrack;
  readonly microphoneMuted?: boolean;
  readonly cameraMuted?: boolean;
}
