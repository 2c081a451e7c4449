/**
 * GivenGrants: places in a meeting that the page's own server asked of the API, with its key.
 *
 * The first one comes with the join. Each later session needs another: the page is asked for it, if it can be, else the
 * API is, by the resume token of the one before. Source: docs/api.md, "Join it".
 */
import { joinAnswerOf, isWaiting, type JoinGrant } from '../api/index.ts';
import type { Visitor } from './Admission.ts';
import { MeetingError } from './errors.ts';
import type { GrantRenewal, JoinByGrant, JoinOptions } from './types.ts';

export class GivenGrants {
  #unused: JoinGrant | null;
  #resumeToken: string;
  readonly #renew: JoinByGrant['renewGrant'];

  constructor(grant: JoinGrant, renew: JoinByGrant['renewGrant']) {
    this.#unused = grant;
    this.#resumeToken = grant.resumeToken;
    this.#renew = renew;
  }

  /**
   * The grant for the next session; null where the API is to be asked by the resume token.
   *
   * @throws MeetingError
   */
  async next(refusedBy: string | null): Promise<JoinGrant | null> {
    const unused = this.#unused;
    this.#unused = null;
    if (unused !== null || this.#renew === undefined) return unused;
    const renewal = { resumeToken: this.#resumeToken, ...(refusedBy === null ? {} : { refusedBy }) };
    const grant = grantOf(await asked(this.#renew, renewal));
    this.#resumeToken = grant.resumeToken;
    return grant;
  }
}

/** @throws MeetingError */
export function visitorOf(options: JoinOptions): Visitor {
  if ('grant' in options) {
    const grant = grantOf(options.grant);
    const { meeting, participant } = grant;
    const given = new GivenGrants(grant, options.renewGrant);
    return { meeting: meeting.id, displayName: participant.displayName, given };
  }
  const { meeting, displayName, passcode } = options;
  return { meeting, displayName, ...(passcode === undefined ? {} : { passcode }) };
}

/** Whatever keeps the page's server from answering may pass, unless the page says that it does not. */
async function asked(renew: NonNullable<JoinByGrant['renewGrant']>, renewal: GrantRenewal): Promise<unknown> {
  try {
    return await renew(renewal);
  } catch (cause) {
    if (cause instanceof MeetingError) throw cause;
    throw new MeetingError('unreachable', 'the page got no new grant', { cause });
  }
}

/** What came over the page's own server is as good as that handed it on. @throws MeetingError */
function grantOf(value: unknown): JoinGrant {
  try {
    const answer = joinAnswerOf(value);
    if (!isWaiting(answer) && isNamed(answer)) return answer;
  } catch (cause) {
    throw new MeetingError('invalid_request', 'a grant is the 201 answer of a join, whole', { cause });
  }
  throw new MeetingError('invalid_request', 'a grant is the 201 answer of a join: a 202 has to wait first');
}

function isNamed({ meeting, participant }: Partial<JoinGrant>): boolean {
  return typeof meeting?.id === 'string' && typeof participant?.displayName === 'string';
}
