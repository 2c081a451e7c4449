/** What `Meeting` offers, call by call. */
import type { MeetingStatistics } from '../Statistics.ts';
import type { CaptionControls } from './captions.ts';
import type { Hosting } from './hosting.ts';
import type { JoinOptions } from './joining.ts';
import type { MeetingEvents, MeetingSnapshot } from './meeting.ts';
import type { ParticipantId, TrackId } from './people.ts';
import type { ShareContent, ShareOptions, SharingControls } from './sharing.ts';

export interface VisibleTrack {
  readonly track: TrackId;
  /** Height in physical pixels that the tile has. */
  readonly maxHeight: number;
  /** Higher first when bandwidth is short. Default 0. */
  readonly priority?: number;
}

export interface AudioOutput {
  /** 0 to 1. */
  setVolume(volume: number): void;
  /** Both ears hear the same, for people who hear with one. */
  setMono(isMono: boolean): void;
  /** Chooses a speaker, where the browser can. @throws DOMException when the device is gone or not allowed. */
  setSink(deviceId: string): Promise<void>;
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
