/**
 * DoorWatch: what a host sees of the meeting's door, as it changes.
 *
 * While somebody may wait, or guess a passcode, it holds one question to the meeting's log, which is answered as soon as
 * something happens there; else it looks now and then whether that is still so. Owns when to ask; what to ask is Hosting's.
 * Source: docs/api.md, "End it, and follow what happened".
 */
import type { DoorState, MeetingRules, WaitingPerson } from './types.ts';

export interface DoorCalls {
  fetchRules(): Promise<MeetingRules>;
  listWaiting(): Promise<readonly WaitingPerson[]>;
  /** The number of the last event of the log. */
  lastEvent(): Promise<number>;
  /** What happened after a number; empty when nothing did for some seconds. */
  eventsAfter(number: number): Promise<Happened>;
}

export interface Happened {
  readonly types: readonly string[];
  /** The number to go on from. */
  readonly last: number;
}

/** Between two questions, whatever comes: a crowd at the door costs a host two questions a second. */
const PAUSE_MS = 400;
/** Where an API that has too many waiting readers answers at once with nothing. */
const CROWDED_MS = 2_000;
const QUICK_MS = 1_000;
/** While nothing may happen there, and while the API is away. */
const IDLE_MS = 15_000;
const AWAY_MS = 5_000;

/** No event tells of somebody at the door who falls silent: while one stands there, it is looked again. */
const SILENCE_MS = 15_000;

/** So many wrong passcodes came that further ones are refused for a while. */
const GUESSED = 'meeting.passcode_guessed';
/** Of these the door is another one. */
const ABOUT_DOOR =
  /^(meeting\.(updated|passcode_guessed)|participant\.(waiting|gone|let_in|admitted|joined|denied|removed|banned|left|renamed))$/;

export interface Clock {
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

const WALL: Clock = {
  now: () => performance.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Tells the listener now and with each change, until the function that it gives is called. */
export function watchDoor(
  calls: DoorCalls,
  listener: (door: DoorState) => void,
  clock: Clock = WALL,
): () => void {
  let isOver = false;
  let guesses = 0;
  let lookAgainAt = Infinity;
  const look = async (): Promise<boolean> => {
    const [waiting, rules] = await Promise.all([calls.listWaiting(), calls.fetchRules()]);
    lookAgainAt = waiting.length > 0 ? clock.now() + SILENCE_MS : Infinity;
    if (!isOver) listener({ waiting, rules, guesses });
    return rules.waitingRoom || rules.hasPasscode || waiting.length > 0;
  };
  const follow = async (): Promise<void> => {
    // First the number, then the look: what happens between the two is seen twice rather than never.
    let seen = await calls.lastEvent();
    let isWatched = await look();
    while (isWatched && !isOver) {
      const began = clock.now();
      const { types, last } = await calls.eventsAfter(seen);
      seen = last;
      guesses += types.filter((type) => type === GUESSED).length;
      const isOther = types.some((type) => ABOUT_DOOR.test(type));
      if (isOther || clock.now() >= lookAgainAt) isWatched = await look();
      const isCrowded = types.length === 0 && clock.now() - began < QUICK_MS;
      await clock.wait(isCrowded ? CROWDED_MS : PAUSE_MS);
    }
  };
  const watch = async (): Promise<void> => {
    while (!isOver) {
      try {
        await follow();
        await clock.wait(IDLE_MS);
      } catch {
        // The API is away for a moment: what was known stays.
        await clock.wait(AWAY_MS);
      }
    }
  };
  void watch();
  return () => {
    isOver = true;
  };
}
