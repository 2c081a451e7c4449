/**
 * Admission: a place in a meeting, asked of the API, waited for where a host has to let us in.
 *
 * Owns the place at the door: a reload of the tab takes it again by the waiting token, which is kept as resume tokens are.
 */
import { ApiError, isWaiting, type Api, type JoinAnswer, type JoinGrant } from '../api/index.ts';
import { MeetingError, asMeetingError, isPassing } from './errors.ts';
import type { GivenGrants } from './GivenGrants.ts';
import type { ResumeTokens } from './ResumeTokens.ts';

const MIN_POLL_MS = 500;

export interface AdmissionOptions {
  readonly api: Api;
  readonly resumeTokens: ResumeTokens;
  /** What one is called in the meeting by now; null before one was in. */
  readonly ownName: () => string | null;
  /** Whether a host has yet to let us in. */
  readonly onWaiting: (isWaiting: boolean) => void;
  /** Whether nobody wants the place any more. */
  readonly isGivenUp: () => boolean;
}

/** Who wants to come into which meeting. */
export interface Visitor {
  readonly meeting: string;
  readonly displayName: string;
  readonly passcode?: string;
  /** Places that somebody else asks for. */
  readonly given?: GivenGrants;
}

export class Admission {
  readonly #options: AdmissionOptions;
  /** The place at the door, while one waits there. */
  #place: { readonly meeting: string; readonly waitingToken: string } | null = null;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * @param refusedBy - The node that had no room for us just now.
   * @throws MeetingError, ApiError
   */
  async request(visitor: Visitor, refusedBy: string | null): Promise<JoinGrant> {
    const given = (await visitor.given?.next(refusedBy)) ?? null;
    return given ?? this.#admitted(visitor.meeting, await this.#ask(visitor, refusedBy));
  }

  /**
   * A resume token that is no longer good must not keep a person out: they come as somebody new, but for those whom a
   * server sent, as who it said they are.
   */
  async #ask({ meeting, given, ...visitor }: Visitor, refusedBy: string | null): Promise<JoinAnswer> {
    const { api, resumeTokens, ownName } = this.#options;
    const displayName = ownName() ?? visitor.displayName;
    const request = { ...visitor, displayName, ...(refusedBy === null ? {} : { refusedBy }) };
    const resumeToken = resumeTokens.load(meeting);
    if (resumeToken === null) return api.joinMeeting(meeting, request);
    try {
      return await api.joinMeeting(meeting, { ...request, resumeToken });
    } catch (error) {
      if (!(error instanceof ApiError) || ![401, 403, 422].includes(error.status)) throw error;
      resumeTokens.forget(meeting);
      if (given !== undefined) {
        const needs = 'the place was lost, and coming back takes a new grant: give join() a renewGrant';
        throw new MeetingError('unauthorized', needs, { cause: error });
      }
      return api.joinMeeting(meeting, request);
    }
  }

  /** One wants in no more: hosts see nobody at the door, and the next visit is somebody new. */
  giveUp(meeting: string): void {
    this.#options.resumeTokens.forget(meeting);
    this.#leaveDoor();
    this.#place = null;
  }

  /** Hosts see nobody at the door whose page is gone; a reloaded one takes the same place again. */
  readonly #leaveDoor = (): void => {
    if (this.#place === null) return;
    const { meeting, waitingToken } = this.#place;
    // Who cannot say so is gone by silence.
    this.#options.api.giveUp(meeting, waitingToken).catch(() => undefined);
  };

  /** Waits for a host's yes, and through every blink of the network meanwhile. */
  async #admitted(meeting: string, first: JoinAnswer): Promise<JoinGrant> {
    if (!isWaiting(first)) return first;
    addEventListener('pagehide', this.#leaveDoor);
    try {
      return await this.#admittedFromDoor(meeting, first);
    } finally {
      this.#place = null;
      removeEventListener('pagehide', this.#leaveDoor);
    }
  }

  async #admittedFromDoor(meeting: string, first: JoinAnswer): Promise<JoinGrant> {
    const { api, onWaiting, isGivenUp, resumeTokens } = this.#options;
    let answer = first;
    while (isWaiting(answer)) {
      const { waitingToken, pollAfterMs } = answer;
      this.#place = { meeting, waitingToken };
      resumeTokens.save(meeting, waitingToken);
      onWaiting(true);
      await new Promise((resolve) => setTimeout(resolve, Math.max(MIN_POLL_MS, pollAfterMs)));
      if (isGivenUp()) throw new MeetingError('unreachable', 'the meeting was left');
      try {
        answer = await api.askAgain(meeting, waitingToken);
      } catch (error) {
        if (error instanceof ApiError && isPassing(asMeetingError(error))) continue;
        resumeTokens.forget(meeting);
        throw error;
      }
    }
    onWaiting(false);
    return answer;
  }
}
