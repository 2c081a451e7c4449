/** Admission: a place in a meeting, asked of the API, waited for where a host has to let us in. */
import { ApiError, isWaiting, type Api, type JoinAnswer, type JoinGrant } from '../api/index.ts';
import { MeetingError, asMeetingError, isPassing } from './errors.ts';
import type { ResumeTokens } from './ResumeTokens.ts';

const MIN_POLL_MS = 500;

export interface AdmissionOptions {
  readonly api: Api;
  readonly resumeTokens: ResumeTokens;
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
}

export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * A resume token that is no longer good must not keep a person out: they come as somebody new.
   *
   * @param refusedBy - The node that had no room for us just now.
   * @throws MeetingError, ApiError
   */
  async request({ meeting, ...visitor }: Visitor, refusedBy: string | null): Promise<JoinGrant> {
    const { api, resumeTokens } = this.#options;
    const request = { ...visitor, ...(refusedBy === null ? {} : { refusedBy }) };
    const resumeToken = resumeTokens.load(meeting);
    const ask = async (body: Parameters<Api['joinMeeting']>[1]): Promise<JoinGrant> =>
      this.#admitted(meeting, await api.joinMeeting(meeting, body));
    if (resumeToken === null) return ask(request);
    try {
      return await ask({ ...request, resumeToken });
    } catch (error) {
      if (!(error instanceof ApiError) || ![401, 403, 422].includes(error.status)) throw error;
      resumeTokens.forget(meeting);
      return ask(request);
    }
  }

  /** Waits for a host's yes, and through every blink of the network meanwhile. */
  async #admitted(meeting: string, first: JoinAnswer): Promise<JoinGrant> {
    const { api, onWaiting, isGivenUp } = this.#options;
    let answer = first;
    let hasWaited = false;
    while (isWaiting(answer)) {
      hasWaited = true;
      onWaiting(true);
      const { waitingToken, pollAfterMs } = answer;
      await new Promise((resolve) => setTimeout(resolve, Math.max(MIN_POLL_MS, pollAfterMs)));
      if (isGivenUp()) throw new MeetingError('unreachable', 'the meeting was left');
      try {
        answer = await api.askAgain(meeting, waitingToken);
      } catch (error) {
        if (!(error instanceof ApiError) || !isPassing(asMeetingError(error))) throw error;
      }
    }
    if (hasWaited) onWaiting(false);
    return answer;
  }
}
