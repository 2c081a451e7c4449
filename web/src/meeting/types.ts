/**
 * What a user of the SDK sees: states, snapshots and the calls of a meeting. Owns no behaviour.
 *
 * Snapshots are immutable: a change makes a new object, an unchanged part keeps its identity, so that they can be
 * handed to React's useSyncExternalStore or compared by reference.
 */
import type { AdaptationSnapshot } from './adaptation/Adaptation.ts';
import type { JoinGrant } from '../api/index.ts';
import type { MeetingError } from './errors.ts';
import type { MeetingStatistics } from './Statistics.ts';

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

/** One line of what is said. The same `id` again is the same line, grown while it is spoken. */
export interface CaptionLine {
  readonly id: string;
  readonly from: ParticipantId;
  readonly displayName: string;
  readonly text: string;
  readonly isFinal: boolean;
  readonly at: string;
}

/**
 * Turns speech into text. Bring one of your own: the browser's, a model in a worker, a service. It hears one's own
 * microphone, while it is not muted and one may write captions; what it recognises is sent to everyone.
 */
export interface CaptionProvider {
  /** `language` as BCP 47, empty when the app did not say. What it throws ends recognition as `failed`. */
  start(input: SpeechInput, handlers: SpeechHandlers): SpeechSession;
}

export interface SpeechInput {
  readonly track: MediaStreamTrack;
  readonly language: string;
}

export interface SpeechHandlers {
  /** The words so far of the sentence of now, all of them each time; after `isFinal` the next sentence begins. */
  readonly onResult: (result: { readonly text: string; readonly isFinal: boolean }) => void;
  /** It cannot go on. */
  readonly onError: (error: Error) => void;
}

export interface SpeechSession {
  /** The track is muted, replaced, or gone. Results that come later are not used. */
  stop(): void;
}

/** `paused` while one is muted or may not write. */
export type SpeechState = 'off' | 'paused' | 'listening' | 'failed';

export interface CaptionControls {
  /** Sends what was typed, in lines of at most 500 letters. */
  write(text: string): void;
  /** Hosts and cohosts: gives somebody the right to write captions, or takes it. */
  allow(participant: ParticipantId, isAllowed: boolean): void;
  /** Recognises one's own speech from now on, or (null) no longer. */
  setProvider(provider: CaptionProvider | null, language?: string): void;
}

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
   * Takes the place of somebody who shares now, which hosts may, and cohosts where it is no host. Without it, sharing while somebody else
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

export interface VisibleTrack {
  readonly track: TrackId;
  /** Height in physical pixels that the tile has. */
  readonly maxHeight: number;
  /** Higher first when bandwidth is short. Default 0. */
  readonly priority?: number;
}

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
  /** Who comes needs a passcode. */
  readonly hasPasscode: boolean;
}

/** What hosts change while people are in the meeting. */
export type RuleChange = Partial<Pick<MeetingRules, 'locked' | 'waitingRoom'>>;

export interface WaitingPerson {
  readonly id: ParticipantId;
  readonly displayName: string;
  readonly askedAt: string | null;
}

/** What a host sees of the meeting's door. */
export interface DoorState {
  readonly waiting: readonly WaitingPerson[];
  readonly rules: MeetingRules;
  /** How often, while this was watched, so many wrong passcodes came that further ones were refused for a while. */
  readonly guesses: number;
}

/** For hosts and cohosts, but that everybody may rename oneself. @throws MeetingError of each call: `forbidden` when the own role does not allow it. */
export interface Hosting {
  /** Tells who waits and what the rules are, now and within a second of each change, until what it gives is called. */
  watchDoor(listener: (door: DoorState) => void): () => void;
  fetchRules(): Promise<MeetingRules>;
  changeRules(change: RuleChange): Promise<MeetingRules>;
  listWaiting(): Promise<readonly WaitingPerson[]>;
  admit(participant: ParticipantId): Promise<void>;
  deny(participant: ParticipantId): Promise<void>;
  admitAll(): Promise<void>;
  muteAll(): Promise<void>;
  setRole(participant: ParticipantId, role: Role): Promise<void>;
  /**
   * Calls somebody, or oneself, otherwise from now on, as everybody sees it. What was written before keeps its name.
   *
   * @throws MeetingError also `invalid_request` for a name that is empty, has control characters, or is longer than 100 letters.
   */
  rename(participant: ParticipantId, displayName: string): Promise<void>;
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
   * @throws MeetingError `share_denied` when they cancel, `share_taken` while somebody else shares, `meeting_ended` when it is
   * over by the time they have chosen: nothing is captured then.
   */
  shareScreen(options?: ShareOptions): Promise<void>;
  /** Text keeps its sharpness when bandwidth is short, motion its frame rate. */
  setShareContent(content: ShareContent): void;
  stopShare(): void;

  /** What is on the screen now, most important first; everything else is not sent. Cheap to call on each render. */
  setVisible(visible: readonly VisibleTrack[]): void;

  /** Shows fewer and smaller pictures and sends smaller and slower ones, to spare the battery. */
  setBatterySaver(isOn: boolean): void;

  /** It is in `outgoing` until the node has it, which takes care of losses of the connection. */
  sendMessage(text: string, to?: ParticipantId): void;
  /** Tries again to send one that was not sent. */
  resendMessage(key: string): void;
  /** Forgets one that was not sent. */
  discardMessage(key: string): void;
  setHand(raised: boolean): void;
  react(reaction: string): void;
  /**
   * Hosts and cohosts: mutes what is heard of someone, or stops their camera or share; they may start each again. This and
   * the next four resolve once the node has taken them, within some seconds; who does not wait need not catch anything.
   *
   * @throws MeetingError `forbidden` when the own role does not allow it, `not_found` when they are not here any more.
   */
  muteParticipant(participant: ParticipantId, source?: 'microphone' | 'camera' | 'screen'): Promise<void>;
  /**
   * Hosts and cohosts: asks somebody who is muted to unmute, which is up to them.
   *
   * @throws MeetingError as for the call above; asked too often, it is refused too.
   */
  askToUnmute(participant: ParticipantId): Promise<void>;
  /** Hosts and cohosts: their turn is over, or it will not come. */
  lowerHand(participant: ParticipantId): Promise<void>;
  lowerAllHands(): Promise<void>;
  /** Hosts and cohosts: sends someone out. */
  removeParticipant(participant: ParticipantId): Promise<void>;

  /** For this listener only: 0 (silent) to 2, 1 as they are sent. It follows the person through the meeting. */
  setParticipantVolume(participant: ParticipantId, volume: number): void;

  readonly captions: CaptionControls;
  readonly sharing: SharingControls;
  readonly hosting: Hosting;
  /** What each stream does now; cheap enough for once a second. */
  readonly statistics: { sample(): Promise<MeetingStatistics | null> };
  readonly audioOutput: AudioOutput;
  /** Call in a click handler after `audioPlayback` became `blocked`. */
  resumeAudio(): Promise<void>;
}
