/** Somebody who signed in, and an API that answers what a test says. */
import { ApiError } from '../../meeting/index.ts';
import type { Account } from './account.ts';

export interface Sent {
  readonly call: string;
  readonly payload: unknown;
  readonly ifMatch: string | null;
}

/** By `GET /path`, without its query. What is thrown is refused; what is not there is a 404. */
export type Answers = Record<string, (sent: Sent, query: URLSearchParams) => unknown>;

export const refusal = (status: number, fields: { pointer: string; detail: string }[] = []): ApiError =>
  new ApiError(status === 412 ? 'precondition_failed' : 'unexpected', 'refused', { status, fields });

export function list(...items: readonly unknown[]): object {
  return { items, nextCursor: null };
}

export function anAccount(
  answers: Answers,
  { isSignedIn = true, operator = false, onBegin = (): void => undefined } = {},
): { readonly account: Account; readonly sent: Sent[] } {
  const sent: Sent[] = [];
  const known: Answers = {
    'GET /users/me': () => ({ id: 'usr_1', name: 'Ada Lovelace', operator, preferences: {} }),
    'GET /regions': () => list({ id: 'local', home: true }),
    ...answers,
  };
  const answer = (method: string, path: string, payload?: object, ifMatch?: string): unknown => {
    const [place = '', query] = path.split('?');
    const one = { call: `${method} ${place}`, payload, ifMatch: ifMatch ?? null };
    sent.push(one);
    const say = known[one.call];
    if (say === undefined) throw refusal(404);
    return say(one, new URLSearchParams(query));
  };
  const account: Account = {
    signIn: {
      token: () => Promise.resolve(isSignedIn ? 'token' : null),
      isOffered: () => Promise.resolve(true),
      begin: () => {
        onBegin();
        return Promise.resolve();
      },
      end: () => undefined,
    },
    api: {
      call: async (...asked) => Promise.resolve().then(() => answer(...asked)),
      exchange: async (...asked) =>
        Promise.resolve().then(() => ({ body: answer(...asked), tag: `"${String(sent.length)}"` })),
    },
  };
  return { account, sent };
}
