/** People and what they send, as a snapshot shows them. */
export type ParticipantId = string;
export type TrackId = string;
export type Source = 'microphone' | 'camera' | 'screen' | 'screen_audio';
export type Role = 'host' | 'cohost' | 'participant' | 'viewer' | 'recorder' | 'relay';
export type EndReason = 'left' | 'ended' | 'removed' | 'replaced' | 'nodeClosing' | 'moved';

/** `bandwidth`: the own download carries no more. `node`: the media node is short of CPU and gives everybody less. */
export type SlotReason = 'bandwidth' | 'node';

export interface TrackSnapshot {
  readonly id: TrackId;
  readonly source: Source;
  readonly kind: 'audio' | 'video';
  readonly muted: boolean;
  /**
   * Own tracks: what is captured. Others' video: what to show while a slot carries it and bandwidth allows, else null.
   * Others' audio is null: it is played by `audioOutput`, because audio slots carry the loudest speakers, not one participant.
   */
  readonly mediaStreamTrack: MediaStreamTrack | null;
  /** A picture of somebody else that pauses; sound goes on. It is the own download that does not carry it, unless `limitedBy` says else. */
  readonly isPaused?: boolean;
  /** A picture of somebody else that pauses, or is smaller than it was asked for, because of this. Older nodes do not say. */
  readonly limitedBy?: SlotReason;
  /**
   * A picture, own ones too, that is not sent for now because its sender's link carries hardly a voice. Others have no
   * `mediaStreamTrack` of it meanwhile. It comes back by itself.
   */
  readonly isPausedBySender?: boolean;
}

export interface ParticipantSnapshot {
  readonly id: ParticipantId;
  readonly displayName: string;
  readonly role: Role;
  readonly isSelf: boolean;
  readonly isHandRaised: boolean;
  /** Place in the queue of raised hands, lower is earlier; null while it is down, or unknown to an older node. */
  readonly handNumber: number | null;
  /** Hosts, and those whom a host gave the right. */
  readonly mayCaption: boolean;
  readonly joinedAt: string;
  readonly isSpeaking: boolean;
  /** 0 (silent) to 1 (as loud as can be). */
  readonly audioLevel: number;
  /** How loud this listener wants them: 0 (silent) to 2, 1 as they are sent. */
  readonly volume: number;
  /**
   * The side of their link that is weak, as their node sees it; in meetings beyond a hundred of oneself alone, and
   * `unknown` of others. Of oneself also `node`: the own link is well, and the media node gives smaller pictures or
   * none because its CPU is short.
   */
  readonly connectionQuality: 'unknown' | 'good' | 'uplink' | 'downlink' | 'node' | 'lost';
  /** Whether pictures pause for them, as their download does not carry them. Left out while they do not. */
  readonly arePicturesPaused?: boolean;
  readonly tracks: Readonly<Partial<Record<Source, TrackSnapshot>>>;
}
