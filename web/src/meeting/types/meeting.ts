/** The meeting as a whole: its state, all of a snapshot, and what happens in it. */
import type { AdaptationSnapshot } from '../adaptation/Adaptation.ts';
import type { MeetingError } from '../errors.ts';
import type { CaptionLine, SpeechState } from './captions.ts';
import type { ChatMessage, OutgoingMessage } from './chat.ts';
import type { EndReason, ParticipantId, ParticipantSnapshot, Role, Source, TrackSnapshot } from './people.ts';
import type { ShareSnapshot, ShareTurn } from './sharing.ts';

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

export interface MeetingInfo {
  readonly id: string;
  readonly code: string;
  readonly title: string | null;
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
  /** One's own that are not among them yet, or were not sent. */
  readonly outgoing: readonly OutgoingMessage[];
  /** The latest ones, oldest first. */
  readonly captions: readonly CaptionLine[];
  /** How the recognition of one's own speech does. */
  readonly speech: SpeechState;
  /** How the recording of the meeting does. One that is `degraded` goes on, but something is wrong with it. */
  readonly recording: 'off' | 'on' | 'paused' | 'degraded';
  /** What is wrong with a degraded one: a code of docs/recording.md. */
  readonly recordingTrouble: string | null;
  /** `blocked`: the browser wants a click first; call `resumeAudio()` in its handler. */
  readonly audioPlayback: 'playing' | 'blocked';
  /** Null while one shares nothing. */
  readonly share: ShareSnapshot | null;
  /** Who wants to share in the place of the share of now, and waits for one's answer. */
  readonly shareRequests: readonly ParticipantId[];
  readonly shareTurn: ShareTurn;
  /** What this device shows and sends; everything, unless the meeting `adapts`, saves the battery or has a link that is too narrow. */
  readonly adaptation: AdaptationSnapshot;
  /** What the node said that was skipped, and how often: a newer node, or one that is broken. */
  readonly unread: Readonly<Record<string, number>>;
}

export interface MeetingEvents {
  /** The connection: each new value of `state` in the snapshot, with the one before. */
  stateChanged: { readonly state: MeetingState; readonly before: MeetingState };
  /** Of anybody here, oneself included. */
  roleChanged: { readonly participant: ParticipantId; readonly role: Role; readonly before: Role };
  /** Each track once, own ones and those that are there when one comes in too; muted or not, `track` says. */
  trackPublished: { readonly participant: ParticipantId; readonly track: TrackSnapshot };
  /** As it was last; also with its participant. */
  trackUnpublished: { readonly participant: ParticipantId; readonly track: TrackSnapshot };
  /** Muted or unmuted, as `track.muted` says. */
  trackMuted: { readonly participant: ParticipantId; readonly track: TrackSnapshot };
  /** As `activeSpeaker` of the snapshot: the last one stays so while nobody speaks. */
  activeSpeakerChanged: { readonly participant: ParticipantId | null; readonly before: ParticipantId | null };
  reaction: { readonly from: ParticipantId; readonly reaction: string };
  message: ChatMessage;
  participantJoined: ParticipantSnapshot;
  participantLeft: ParticipantSnapshot;
  /**
   * Somebody else muted one of the own tracks; unmuting is up to oneself. A muted `screen` is no longer shared. `by` is null where
   * that is nobody in the meeting: a server, or its organiser.
   */
  mutedByOther: { readonly source: Source; readonly by: ParticipantId | null };
  /** A host or cohost would like to hear one, who is muted: unmuting is up to oneself. */
  unmuteAsked: { readonly by: ParticipantId };
  /** The own share ended by the browser's own "stop sharing", by a host, or because somebody else began first. */
  shareStopped: { readonly reason: 'browser' | 'ended_by_host' | 'taken' };
  /** The answer to one's own `askToShare`. */
  shareAnswered: { readonly allowed: boolean; readonly by: ParticipantId };
  caption: CaptionLine;
  /** A request was refused by the node; the meeting goes on. */
  refused: Refusal;
}

export interface Refusal {
  /** The node's code (`not_granted`, `not_found`, `too_often`, …). */
  readonly code: string;
  readonly message: string;
  /** What was refused; null where an older node does not say. */
  readonly request: RefusedRequest | null;
}

/** A message of docs/signaling.md: its type, and of a `moderate` what was to be done to whom, as far as that is known. */
export interface RefusedRequest {
  readonly type: string;
  readonly action?: string;
  readonly participant?: ParticipantId;
}
