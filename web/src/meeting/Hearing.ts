/**
 * Hearing: what one hears of the others, and how loud.
 *
 * Connects Voices (whose voice a slot carries) with AudioOutput (what plays it).
 */
import type { NodeMessageBody } from '../protocol/index.ts';
import type { Connection } from '../rtc/index.ts';
import { AudioOutput } from './AudioOutput.ts';
import type { Participants } from './Participants.ts';
import type { MeetingSnapshot, ParticipantId } from './types.ts';
import { Voices } from './Voices.ts';

type Told<Type extends NodeMessageBody['type']> = Extract<NodeMessageBody, { type: Type }>;

export class Hearing {
  readonly output: AudioOutput;
  readonly #participants: Participants;
  readonly #voices = new Voices();
  readonly #heard = new WeakSet<Connection>();

  constructor(participants: Participants, onPlayback: (playback: MeetingSnapshot['audioPlayback']) => void) {
    this.#participants = participants;
    this.output = new AudioOutput(onPlayback);
  }

  /** A new connection plays anew; a resumed one plays on. */
  handleJoined(slots: Told<'joined'>['slots'], connection: Connection | null): void {
    this.#voices.handleJoined(slots);
    if (connection !== null && !this.#heard.has(connection)) {
      this.#heard.add(connection);
      this.output.play(connection.slots().filter(({ kind }) => kind === 'audio'));
    }
    this.#settle();
  }

  handleSlots(slots: Told<'slots'>['slots']): void {
    this.#voices.handleSlots(slots);
    this.#settle();
  }

  setVolume(participant: ParticipantId, volume: number): void {
    this.#voices.setVolume(participant, volume);
    this.#settle();
  }

  volumeOf(participant: ParticipantId): number {
    return this.#voices.volumeOf(participant);
  }

  close(): void {
    this.output.close();
  }

  #settle(): void {
    this.output.setGains(this.#voices.gains(this.#participants.all));
  }
}
