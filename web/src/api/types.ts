/** What the control plane's HTTP API answers, as far as a client in a meeting needs it. Owns no behaviour. */

/** The part of a meeting that anyone with its code may see. */
export interface MeetingDetails {
  readonly id: string;
  readonly code: string;
  readonly title: string | null;
  readonly state: 'created' | 'active' | 'ended';
  readonly link: string;
  readonly guests: boolean;
  readonly hasPasscode?: boolean;
  /** `endToEnd`: not even the servers can listen. */
  readonly encryption?: 'transport' | 'endToEnd';
  readonly homeRegion: string;
  readonly createdAt: string;
  /** Whether it may be recorded, or is from its start. Left out by an API of before. */
  readonly recording?: 'off' | 'allowed' | 'automatic';
  /** The recording that goes on: people are told before they come in. */
  readonly activeRecording?: { readonly id: string; readonly state: string } | null;
}

export interface JoinRequest {
  readonly displayName: string;
  readonly resumeToken?: string;
  readonly passcode?: string;
  /** The node that refused the last token, being full: another one is as good while nobody is there. */
  readonly refusedBy?: string;
}

export interface NodePlace {
  readonly id: string;
  readonly url: string;
  readonly region: string;
}

export interface JoinGrant {
  readonly participant: { readonly id: string; readonly role: string; readonly displayName: string };
  readonly meeting: { readonly id: string; readonly code: string; readonly title: string | null };
  readonly node: NodePlace;
  /** Where to go when the node dies; null in a fleet of one. */
  readonly standby: NodePlace | null;
  readonly token: string;
  readonly tokenExpiresAt: string;
  readonly resumeToken: string;
  readonly iceServers: readonly RTCIceServer[];
}

/** A host has to say yes first. */
export interface JoinWaiting {
  readonly state: 'waiting';
  readonly waitingToken: string;
  readonly pollAfterMs: number;
}

export type JoinAnswer = JoinGrant | JoinWaiting;

export function isWaiting(answer: JoinAnswer): answer is JoinWaiting {
  return 'waitingToken' in answer;
}
