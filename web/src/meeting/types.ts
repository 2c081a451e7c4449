/**
 * What a user of the SDK sees: states, snapshots and the calls of a meeting. Owns no behaviour.
 *
 * Snapshots are immutable: a change makes a new object, an unchanged part keeps its identity, so that they can be
 * handed to React's useSyncExternalStore or compared by reference.
 */
import type { MeetingError } from './errors.ts';

export type ParticipantId = string;
export type TrackId = string;
export type Source = 'microphone' | 'camera' | 'screen' | 'screen_audio';
export type Role = 'host' | 'cohost' | 'participant' | 'viewer' | 'recorder' | 'relay';
export type EndReason = 'left' | 'ended' | 'removed' | 'replaced' | 'nodeClosing' | 'moved';

export type MeetingState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'joining' }
  /** A host has to let this person in; it goes on by itself. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'connected' }
  /** `since` is in milliseconds since the epoch; `attempt` starts at 1. */
  | { readonly kind: 'reconnecting'; readonly since: number; readonly attempt: number }
  | { readonly kind: 'ended'; readonly reason: EndReason }
  | { readonly kind: 'failed'; readonly error: MeetingError };

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
}

export interface ParticipantSnapshot {
  readonly id: ParticipantId;
  readonly displayName: string;
  readonly role: Role;
  readonly isSelf: boolean;
  readonly isHandRaised: boolean;
  /** Place in the queue of raised hands, lower is earlier; null while it is down, or unknown to an older node. */
  readonly handNumber: number | null;
  readonly joinedAt: string;
  readonly isSpeaking: boolean;
  /** 0 (silent) to 1 (as loud as can be). */
  readonly audioLevel: number;
  /** How loud this listener wants them: 0 (silent) to 2, 1 as they are sent. */
  readonly volume: number;
  /** The side of their link that is weak, as their node sees it; in meetings beyond a hundred of oneself alone. */
  readonly connectionQuality: 'unknown' | 'good' | 'uplink' | 'downlink' | 'lost';
  readonly tracks: Readonly<Partial<Record<Source, TrackSnapshot>>>;
}

export interface ChatMessage {
  readonly id: string;
  readonly from: ParticipantId;
  readonly displayName: string;
  readonly text: string;
  readonly at: string;
  /** Set when it was meant for one participant only. */
  readonly to?: ParticipantId;
}

export interface MeetingInfo {
  readonly id: string;
  readonly code: string;
  readonly title: string | null;
}

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
   * Takes the place of somebody who shares now, which hosts and cohosts may. Without it, sharing while somebody else
   * does is refused with `share_taken`.
   */
  readonly takeOver?: boolean;
}

export interface MeetingSnapshot {
  readonly state: MeetingState;
  readonly meeting: MeetingInfo | null;
  /** In order of joining, oneself included. Kept as last known while reconnecting and after the end. */
  readonly participants: readonly ParticipantSnapshot[];
  readonly self: ParticipantSnapshot | null;
  /** The loudest speaker now, or the last one; null before anybody spoke. Never oneself. */
  readonly activeSpeaker: ParticipantId | null;
  readonly messages: readonly ChatMessage[];
  readonly recording: 'off' | 'on';
  /** `blocked`: the browser wants a click first; call `resumeAudio()` in its handler. */
  readonly audioPlayback: 'playing' | 'blocked';
  /** Null while one shares nothing. */
  readonly share: ShareSnapshot | null;
}

export interface MeetingEvents {
  reaction: { readonly from: ParticipantId; readonly reaction: string };
  message: ChatMessage;
  participantJoined: ParticipantSnapshot;
  participantLeft: ParticipantSnapshot;
  /** Somebody else muted one of the own tracks; unmuting is up to oneself. */
  mutedByOther: { readonly source: Source; readonly by: ParticipantId };
  /** The own share ended by the browser's own "stop sharing", by a host, or because somebody else began first. */
  shareStopped: { readonly reason: 'browser' | 'ended_by_host' | 'taken' };
  /** A request was refused by the node; the meeting goes on. */
  refused: { readonly code: string; readonly message: string };
}

export interface VisibleTrack {
  readonly track: TrackId;
  /** Height in physical pixels that the tile has. */
  readonly maxHeight: number;
  /** Higher first when bandwidth is short. Default 0. */
  readonly priority?: number;
}

export interface JoinOptions {
  /** Code (`abc-defg-hij`) or id. */
  readonly meeting: string;
  readonly displayName: string;
  readonly passcode?: string;
  /** Tracks stay the caller's: `leave()` does not stop them. */
  readonly microphone?: MediaStreamTrack;
  readonly camera?: MediaStreamTrack;
  readonly microphoneMuted?: boolean;
  readonly cameraMuted?: boolean;
}

export interface AudioOutput {
  /** 0 to 1. */
  setVolume(volume: number): void;
  /** Both ears hear the same, for people who hear with one. */
  setMono(isMono: boolean): void;
  /** Chooses a speaker, where the browser can. @throws DOMException when the device is gone or not allowed. */
  setSink(deviceId: string): Promise<void>;
}

/** Rules that hosts change while the meeting goes on. */
export interface MeetingRules {
  /** Nobody new comes in. */
  readonly locked: boolean;
  /** Who comes waits for a host's word. */
  readonly waitingRoom: boolean;
}

export interface WaitingPerson {
  readonly id: ParticipantId;
  readonly displayName: string;
  readonly askedAt: string | null;
}

/** For hosts and cohosts. @throws MeetingError of each call: `forbidden` when the own role does not allow it. */
export interface Hosting {
  fetchRules(): Promise<MeetingRules>;
  changeRules(change: Partial<MeetingRules>): Promise<MeetingRules>;
  listWaiting(): Promise<readonly WaitingPerson[]>;
  admit(participant: ParticipantId): Promise<void>;
  deny(participant: ParticipantId): Promise<void>;
  admitAll(): Promise<void>;
  muteAll(): Promise<void>;
  setRole(participant: ParticipantId, role: Role): Promise<void>;
  /** Sends someone out for good. */
  ban(participant: ParticipantId): Promise<void>;
  /** Hosts only: ends the meeting for everyone. */
  endMeeting(): Promise<void>;
}

/** What `Meeting` offers, as an interface so that user interfaces can be tested with a fake. */
export interface MeetingClient {
  /** Warms up: builds the connection and its offer before the person clicks. Safe to call again. */
  prepare(): Promise<void>;
  /**
   * Resolves when one is in, however long a host lets one wait.
   *
   * @throws MeetingError when the meeting cannot be joined; `state` is then `failed` with the same error, or `idle`
   * again when the passcode was missing or wrong, so that another one may be tried.
   */
  join(options: JoinOptions): Promise<void>;
  leave(): Promise<void>;

  /** For useSyncExternalStore; both are bound, so they can be passed as they are. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => MeetingSnapshot;
  on<Name extends keyof MeetingEvents>(
    name: Name,
    listener: (event: MeetingEvents[Name]) => void,
  ): () => void;

  /** Publishes, replaces or (null) unpublishes. */
  setMicrophone(track: MediaStreamTrack | null): Promise<void>;
  setCamera(track: MediaStreamTrack | null): Promise<void>;
  /** Tells everyone, and sends nothing while muted. The capture device goes on: stop its track to switch it off. */
  setMuted(source: 'microphone' | 'camera', muted: boolean): void;
  /**
   * Asks the person what to share; while one shares already, for something else to share in its place.
   *
   * @throws MeetingError `share_denied` when they cancel, `share_taken` while somebody else shares.
   */
  shareScreen(options?: ShareOptions): Promise<void>;
  /** Text keeps its sharpness when bandwidth is short, motion its frame rate. */
  setShareContent(content: ShareContent): void;
  stopShare(): void;

  /** What is on the screen now, most important first; everything else is not sent. Cheap to call on each render. */
  setVisible(visible: readonly VisibleTrack[]): void;

  sendMessage(text: string, to?: ParticipantId): void;
  setHand(raised: boolean): void;
  react(reaction: string): void;
  /** Hosts and cohosts: mutes someone's microphone. */
  muteParticipant(participant: ParticipantId): void;
  /** Hosts and cohosts: sends someone out. */
  removeParticipant(participant: ParticipantId): void;

  /** For this listener only: 0 (silent) to 2, 1 as they are sent. It follows the person through the meeting. */
  setParticipantVolume(participant: ParticipantId, volume: number): void;

  readonly hosting: Hosting;
  readonly audioOutput: AudioOutput;
  /** Call in a click handler after `audioPlayback` became `blocked`. */
  resumeAudio(): Promise<void>;
}
