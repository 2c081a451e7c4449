/** What the control plane's HTTP API answers, as far as a client in a meeting needs it. Owns no behaviour. */

/** The part of a meeting that anyone with its code may see. */
export interface MeetingDetails {
  readonly id: string;
  readonly code: string;
  readonly title: string | null;
  readonly state: 'created' | 'active' | 'ended';
  readonly link: string;
  readonly guests: boolean;
  readonly homeRegion: string;
  readonly createdAt: string;
}

export interface JoinRequest {
  readonly displayName: string;
  readonly resumeToken?: string;
}

export interface JoinGrant {
  readonly participant: { readonly id: string; readonly role: string; readonly displayName: string };
  readonly meeting: { readonly id: string; readonly code: string; readonly title: string | null };
  readonly node: { readonly id: string; readonly url: string; readonly region: string };
  readonly token: string;
  readonly tokenExpiresAt: string;
  readonly resumeToken: string;
  readonly iceServers: readonly RTCIceServer[];
}
