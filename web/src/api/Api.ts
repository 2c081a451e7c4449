/**
 * Api: the control plane's HTTP calls that people make, guests and others.
 *
 * Owns timeouts, the retry of 503 and the translation of problem details. Keeps no state of the meeting.
 * Source: RFC 9110, RFC 9457.
 */
import { ApiError, errorOfAnswer } from './errors.ts';
import type { JoinAnswer, JoinRequest, MeetingDetails } from './types.ts';

export interface ApiOptions {
  /** Such as `https://parley.example/v1`, or `/v1` on the same origin. */
  readonly apiUrl: string;
  /** Of whoever signed in; null, or left out, for a guest. */
  readonly accessToken?: () => Promise<string | null>;
  readonly fetch?: typeof fetch;
  readonly wait?: (ms: number) => Promise<void>;
}

/** The API promises an answer or a 503 within seconds; longer means a path that swallows packets. */
const TIMEOUT_MS = 10_000;
/** Three tries in all: a person waits a few seconds for room, not minutes. */
const MAX_RETRIES = 2;
const MAX_RETRY_AFTER_MS = 3_000;
const DEFAULT_RETRY_AFTER_MS = 1_000;

export class Api {
  readonly #url: string;
  readonly #accessToken: () => Promise<string | null>;
  readonly #fetch: typeof fetch;
  readonly #wait: (ms: number) => Promise<void>;

  constructor(options: ApiOptions) {
    this.#url = options.apiUrl.replace(/\/$/, '');
    this.#accessToken = options.accessToken ?? (() => Promise.resolve(null));
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#wait = options.wait ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  /** @throws ApiError */
  async fetchMeeting(meeting: string): Promise<MeetingDetails> {
    const body = await this.#request('GET', `/meetings/${encodeURIComponent(meeting)}`);
    if (!hasStrings(body, ['id', 'code', 'state'])) throw unreadable();
    return { title: null, ...body } as unknown as MeetingDetails;
  }

  /**
   * Asks for a place in the meeting.
   * @throws ApiError
   */
  async joinMeeting(meeting: string, request: JoinRequest): Promise<JoinAnswer> {
    // However often it has to be sent: it is one join.
    return joinAnswerOf(await this.#request('POST', joinPath(meeting), request, { key: newKey() }));
  }

  /**
   * What has become of somebody who waits.
   * @throws ApiError `barred` when a host said no.
   */
  async askAgain(meeting: string, waitingToken: string): Promise<JoinAnswer> {
    return joinAnswerOf(await this.#request('GET', joinPath(meeting), undefined, { token: waitingToken }));
  }

  /**
   * Says that one waits no longer; also while the page goes away.
   * @throws ApiError
   */
  async giveUp(meeting: string, waitingToken: string): Promise<void> {
    await this.#request('DELETE', joinPath(meeting), undefined, { token: waitingToken, keepsAlive: true });
  }

  /**
   * Makes a meeting of whoever signed in.
   * @throws ApiError
   */
  async createMeeting(): Promise<MeetingDetails> {
    const body = await this.#request('POST', '/meetings', {}, { key: newKey() });
    if (!hasStrings(body, ['id', 'code', 'state'])) throw unreadable();
    return { title: null, ...body } as unknown as MeetingDetails;
  }

  /**
   * Any other call of the contract. Its caller checks what comes back: null where the answer has no body.
   * @throws ApiError
   */
  async call(method: Method, path: string, payload?: object): Promise<unknown> {
    return (await this.exchange(method, path, payload)).body;
  }

  /**
   * The same, with the entity tag of what was shown, and only where it still is `ifMatch`.
   * @throws ApiError `precondition_failed` where it is something else by now.
   */
  exchange(method: Method, path: string, payload?: object, ifMatch?: string): Promise<Tagged> {
    const key = method === 'POST' ? { key: newKey() } : {};
    return this.#exchange(method, path, payload, ifMatch === undefined ? key : { ...key, ifMatch });
  }

  async #headers(hasBody: boolean, { key, token: own, ifMatch }: Marks): Promise<Record<string, string>> {
    const token = own ?? (await this.#accessToken());
    return {
      ...(hasBody ? { 'Content-Type': 'application/json' } : {}),
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    };
  }

  async #request(method: Method, path: string, payload?: object, marks: Marks = {}): Promise<unknown> {
    return (await this.#exchange(method, path, payload, marks)).body;
  }

  async #exchange(method: Method, path: string, payload?: object, marks: Marks = {}): Promise<Tagged> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await this.#requestOnce(method, path, payload, marks);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 503 || retries >= MAX_RETRIES) throw error;
        await this.#wait(Math.min(error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS, MAX_RETRY_AFTER_MS));
      }
    }
  }

  async #requestOnce(
    method: Method,
    path: string,
    payload: object | undefined,
    marks: Marks,
  ): Promise<Tagged> {
    const answer = await this.#send(method, path, payload, marks);
    const body = await parseBody(answer);
    if (!answer.ok) throw errorOfAnswer(answer.status, answer.headers.get('Retry-After'), body);
    return { body, tag: answer.headers.get('ETag') };
  }

  async #send(method: string, path: string, payload: object | undefined, marks: Marks): Promise<Response> {
    try {
      return await this.#fetch(this.#url + path, {
        method,
        headers: await this.#headers(payload !== undefined, marks),
        body: payload === undefined ? null : JSON.stringify(payload),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        cache: 'no-store',
        ...(marks.keepsAlive === true && { keepalive: true }),
        // With the browser's own credentials a 401 that asks for a key (Basic) opens its dialog and never comes back.
        credentials: 'omit',
      });
    } catch (cause) {
      throw new ApiError('unreachable', 'the API could not be reached', { status: 0, cause });
    }
  }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** What came, and the name of that state of it, where it has one. */
export interface Tagged {
  readonly body: unknown;
  readonly tag: string | null;
}

interface Marks {
  /** One for all tries of one request. */
  readonly key?: string;
  /** Of somebody who waits, in place of who signed in. */
  readonly token?: string;
  /** What is changed has to be what was read. */
  readonly ifMatch?: string;
  /** Sent even though the page that asks is gone. */
  readonly keepsAlive?: boolean;
}

function joinPath(meeting: string): string {
  return `/meetings/${encodeURIComponent(meeting)}/join`;
}

/** @throws ApiError */
export function joinAnswerOf(body: unknown): JoinAnswer {
  if (hasStrings(body, ['waitingToken'])) return { pollAfterMs: 700, ...body } as unknown as JoinAnswer;
  if (!hasStrings(body, ['token', 'resumeToken'])) throw unreadable();
  const { node } = body as { readonly node?: unknown };
  if (!hasStrings(node, ['id', 'url'])) throw unreadable();
  return { iceServers: [], ...body } as unknown as JoinAnswer;
}

/** Nobody guesses it: whoever has it is taken for who asked first. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

async function parseBody(answer: Response): Promise<unknown> {
  try {
    return JSON.parse(await answer.text()) as unknown;
  } catch (error) {
    // A gateway in front of the API may answer with HTML; the status still says enough.
    if (error instanceof SyntaxError) return null;
    throw new ApiError('unreachable', 'the answer of the API broke off', { status: 0, cause: error });
  }
}

function hasStrings(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'string');
}

function unreadable(): ApiError {
  return new ApiError('unexpected', 'the API answered something else than its contract says', {
    status: 200,
  });
}
