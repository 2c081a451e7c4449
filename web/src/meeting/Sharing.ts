/**
 * Sharing: one's own screen in the meeting, and whose turn it is.
 *
 * Owns the share of now, the questions of those who want its place, and one's own question. Asks the node and the
 * connection through what it is given.
 */
import type { ClientMessage } from '../protocol/index.ts';
import type { ScreenShape } from '../rtc/index.ts';
import { MeetingError } from './errors.ts';
import type { Participants } from './Participants.ts';
import { ScreenShare, askForScreen, type Watch } from './ScreenShare.ts';
import { mayModerate } from './snapshot.ts';
import type {
  MeetingEvents,
  MeetingSnapshot,
  ParticipantId,
  ShareOptions,
  ShareTurn,
  SharingControls,
} from './types.ts';

export interface SharingEdge {
  readonly participants: Participants;
  /** Whether the meeting goes on. */
  readonly isOpen: () => boolean;
  readonly send: (message: ClientMessage) => void;
  readonly publish: (source: 'screen' | 'screen_audio', track: MediaStreamTrack | null) => Promise<void>;
  readonly shape: (shape: ScreenShape) => void;
  readonly onChange: () => void;
  readonly emit: <Name extends 'shareStopped' | 'shareAnswered'>(
    name: Name,
    event: MeetingEvents[Name],
  ) => void;
}

/** By this the node's refusal of a question is known; offers count from 1. */
const QUESTION_ID = 2_000_000_000;

export class Sharing implements SharingControls {
  readonly #edge: SharingEdge;
  readonly screen: ScreenShare;
  #requests: readonly ParticipantId[] = [];
  #turn: ShareTurn = 'none';

  constructor(edge: SharingEdge, watch?: Watch) {
    this.#edge = edge;
    this.screen = new ScreenShare(
      {
        onChange: () => {
          edge.shape(this.screen.shape);
          edge.onChange();
        },
        onEnded: () => {
          this.#end('browser');
        },
        onAudioEnded: () => {
          void edge.publish('screen_audio', null);
        },
      },
      watch,
    );
  }

  /** Its part of the meeting's snapshot. */
  get shown(): Pick<MeetingSnapshot, 'share' | 'shareRequests' | 'shareTurn'> {
    return { share: this.screen.snapshot, shareRequests: this.requests, shareTurn: this.turn };
  }

  /** Who wants the place of the share, and waits for one's answer; in the order of asking. */
  get requests(): readonly ParticipantId[] {
    return this.#requests;
  }

  /** How one's own question stands. */
  get turn(): ShareTurn {
    return this.#turn;
  }

  /** @throws MeetingError */
  async start({ content = 'auto', takeOver = false }: ShareOptions): Promise<void> {
    const { participants } = this.#edge;
    this.#requireTurn(takeOver);
    const stream = await askForScreen();
    try {
      // A person takes their time to choose: meanwhile the meeting may have ended, or somebody else have begun.
      this.#requireTurn(takeOver);
    } catch (error) {
      for (const track of [...stream.getVideoTracks(), ...stream.getAudioTracks()]) track.stop();
      throw error;
    }
    const started = this.screen.start(stream, content);
    if (!started) throw new MeetingError('share_unsupported', 'the browser shared no picture');
    const other = participants.screenOfOther;
    if (other !== null) this.#edge.send({ type: 'moderate', action: 'mute', ...other });
    this.#turn = 'none';
    await this.#edge.publish('screen', this.screen.video);
    await this.#edge.publish('screen_audio', this.screen.audio);
  }

  #requireTurn(takeOver: boolean): void {
    const { isOpen, participants } = this.#edge;
    if (!isOpen()) throw new MeetingError('meeting_ended', 'the meeting is over');
    const { self, screenOfOther, all } = participants;
    if (screenOfOther === null) return;
    const sharer = all.find(({ id }) => id === screenOfOther.participant);
    const mayTake = self !== null && sharer !== undefined && mayModerate(self, sharer);
    if (!(takeOver && mayTake)) {
      throw new MeetingError('share_taken', 'somebody else shares already');
    }
  }

  stop(): void {
    this.screen.stop();
    for (const source of ['screen', 'screen_audio'] as const) void this.#edge.publish(source, null);
    this.#edge.onChange();
  }

  ask(): void {
    if (this.#edge.participants.screenOfOther === null) return;
    this.#turn = 'asked';
    this.#edge.send({ type: 'askToShare', id: QUESTION_ID });
    this.#edge.onChange();
  }

  giveUpTurn(): void {
    this.#turn = 'none';
    this.#edge.onChange();
  }

  answer(participant: ParticipantId, isAllowed: boolean): void {
    this.#requests = this.#requests.filter((one) => one !== participant);
    this.#edge.send({ type: 'answerShare', participant, allowed: isAllowed });
    // The node ends the share of others; one's own is one's own to end.
    if (isAllowed && this.screen.video !== null) this.stop();
    this.#edge.onChange();
  }

  handleAsked(participant: ParticipantId): void {
    if (!this.#requests.includes(participant)) this.#requests = [...this.#requests, participant];
  }

  handleAnswered(participant: ParticipantId, isAllowed: boolean, by: ParticipantId): void {
    this.#requests = this.#requests.filter((one) => one !== participant);
    if (participant !== this.#edge.participants.selfId) return;
    this.#turn = isAllowed ? 'allowed' : 'none';
    this.#edge.emit('shareAnswered', { allowed: isAllowed, by });
  }

  handleRefused(id: number | undefined): void {
    if (id === QUESTION_ID) this.#turn = 'none';
  }

  /** Questions go with those who asked, and with the share whose place they want. */
  handleRoster(): void {
    const { all, screenOfOther, self } = this.#edge.participants;
    const isTaken = screenOfOther !== null || this.screen.video !== null;
    const isAsked = this.screen.video !== null || self?.role === 'host' || self?.role === 'cohost';
    const present = new Set(all.map(({ id }) => id));
    const left = this.#requests.filter((one) => isTaken && isAsked && present.has(one));
    if (left.length < this.#requests.length) this.#requests = left;
    if (this.#turn === 'asked' && screenOfOther === null) this.#turn = 'allowed';
    else if (this.#turn === 'allowed' && screenOfOther !== null) this.#turn = 'none';
  }

  /** Who comes back may find that somebody else has begun: their share stays, and one's own needs a word first. */
  handleJoined(isResumed: boolean): void {
    const { screenOfOther, self } = this.#edge.participants;
    const isThere = self?.tracks.some(({ source }) => source === 'screen') ?? false;
    const isTaken = screenOfOther !== null && !(isResumed && isThere);
    if (isTaken && this.screen.video !== null) this.#end('taken');
    this.handleRoster();
    // A question goes with the session in which it was asked.
    if (!isResumed && this.#turn === 'asked') this.ask();
  }

  /** The node takes no second screen: somebody else was first. */
  handleScreenRefused(): void {
    if (this.screen.video !== null) this.#end('taken');
  }

  /** Two began at once, with a node of before that takes both: the node's order decides, as everybody sees it. */
  handleOwnPublished(): void {
    if (this.#edge.participants.screenOfOther !== null) this.#end('taken');
  }

  /** A share has no quiet state: whoever ends it makes room for another. */
  handleMutedByOther(): void {
    this.#end('ended_by_host');
  }

  #end(reason: MeetingEvents['shareStopped']['reason']): void {
    this.stop();
    this.#edge.emit('shareStopped', { reason });
  }
}
