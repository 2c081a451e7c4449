/** What hosts see and change. */
import type { ParticipantId, Role } from './people.ts';

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
