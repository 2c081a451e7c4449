import { describe, expect, it } from 'vitest';
import { Api } from './Api.ts';
import { ApiError } from './errors.ts';

const GRANT = {
  participant: { id: 'par_1', role: 'participant', displayName: 'Ada' },
  meeting: { id: 'mtg_1', code: 'abc-defg-hij', title: null },
  node: { id: 'node_1', url: 'http://127.0.0.1:9001', region: 'local' },
  token: 'jwt',
  tokenExpiresAt: '2026-01-01T00:05:00Z',
  resumeToken: 'resume',
  iceServers: [],
};

type Answer = Response | Error;
const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });

function apiThatAnswers(...answers: Answer[]) {
  const requests: { url: string; method: string | undefined; body: unknown }[] = [];
  const waits: number[] = [];
  const keys: (string | null)[] = [];
  const api = new Api({
    apiUrl: 'http://api/v1/',
    fetch: (url, init) => {
      requests.push({ url: url as string, method: init?.method, body: init?.body });
      keys.push(new Headers(init?.headers).get('Idempotency-Key'));
      const answer = answers.shift() ?? new Error('no further answer');
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  });
  return { api, requests, waits, keys };
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => {
      throw new Error('the call succeeded');
    },
    (error: unknown) => error as ApiError,
  );

describe('what goes along with a request', () => {
  it('is nothing that the browser keeps, so that a refusal opens no dialog of its own', async () => {
    const sent: (RequestInit | undefined)[] = [];
    const api = new Api({
      apiUrl: 'http://api/v1',
      fetch: (_, init) => {
        sent.push(init);
        return Promise.resolve(
          json(401, { code: 'unauthorized' }, { 'WWW-Authenticate': 'Basic realm="Parley"' }),
        );
      },
    });
    expect((await failure(api.call('GET', '/recordings'))).status).toBe(401);
    expect(sent.map((init) => init?.credentials)).toEqual(['omit']);
  });
});

describe('Api', () => {
  it('asks for a place and returns it', async () => {
    const { api, requests } = apiThatAnswers(json(201, GRANT));
    await expect(api.joinMeeting('abc-defg-hij', { displayName: 'Ada' })).resolves.toEqual(GRANT);
    expect(requests).toEqual([
      { url: 'http://api/v1/meetings/abc-defg-hij/join', method: 'POST', body: '{"displayName":"Ada"}' },
    ]);
  });

  it('asks for one place under one name, however often it has to ask', async () => {
    const { api, keys } = apiThatAnswers(json(503, {}), json(201, GRANT), json(201, GRANT));
    await api.joinMeeting('abc', { displayName: 'Ada' });
    await api.joinMeeting('abc', { displayName: 'Ada' });
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('keeps a strange meeting code inside its path segment', async () => {
    const { api, requests } = apiThatAnswers(json(404, { code: 'meeting_not_found' }));
    await failure(api.fetchMeeting('../nodes?x=1'));
    expect(requests[0]?.url).toBe('http://api/v1/meetings/..%2Fnodes%3Fx%3D1');
  });

  it.each([
    [404, { code: 'meeting_not_found', detail: 'no such meeting', requestId: 'r1' }, 'meeting_not_found'],
    [410, { code: 'meeting_ended' }, 'meeting_ended'],
    [409, { code: 'meeting_full' }, 'meeting_full'],
    [403, { code: 'guests_not_allowed' }, 'guests_not_allowed'],
    [403, '<html>', 'forbidden'],
    [500, {}, 'unexpected'],
  ])('turns a %i into a typed error', async (status, body, code) => {
    const { api } = apiThatAnswers(json(status, body));
    const error = await failure(api.fetchMeeting('abc'));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code, status });
  });

  it('waits as long as a 503 asks for, but not for minutes, and tries twice more', async () => {
    const full = () => json(503, { code: 'no_capacity' }, { 'Retry-After': '2' });
    const later = json(503, { code: 'no_capacity' }, { 'Retry-After': '3600' });
    const { api, waits } = apiThatAnswers(full(), later, full());
    const error = await failure(api.joinMeeting('abc', { displayName: 'Ada' }));
    expect(waits).toEqual([2_000, 3_000]);
    expect(error).toMatchObject({ code: 'no_capacity', retryAfterMs: 2_000 });
  });

  it('takes the place that is free after a 503', async () => {
    const { api } = apiThatAnswers(json(503, {}), json(201, GRANT));
    await expect(api.joinMeeting('abc', { displayName: 'Ada' })).resolves.toEqual(GRANT);
  });

  it('says that nobody answered, and keeps the cause', async () => {
    const cause = new TypeError('fetch failed');
    const { api } = apiThatAnswers(cause);
    const error = await failure(api.fetchMeeting('abc'));
    expect(error).toMatchObject({ code: 'unreachable', status: 0, cause });
  });

  it('refuses an answer that is not a place', async () => {
    const { api } = apiThatAnswers(json(201, { token: 'jwt', resumeToken: 'r' }));
    expect(await failure(api.joinMeeting('abc', { displayName: 'Ada' }))).toMatchObject({
      code: 'unexpected',
    });
  });
});

describe('an exchange', () => {
  it('names the state that is to be changed, and learns the new one', async () => {
    const sent: Headers[] = [];
    const api = new Api({
      apiUrl: '/v1',
      fetch: (_, init) => {
        sent.push(new Headers(init?.headers));
        return Promise.resolve(json(200, { id: 'mtg_1' }, { ETag: '"new"' }));
      },
    });
    const answer = await api.exchange('PATCH', '/meetings/mtg_1', { title: 'Tea' }, '"old"');
    expect(answer).toEqual({ body: { id: 'mtg_1' }, tag: '"new"' });
    await api.exchange('GET', '/meetings/mtg_1');
    expect(sent.map((headers) => headers.get('If-Match'))).toEqual(['"old"', null]);
  });

  it('says which fields are wrong, and takes nothing else for a field', async () => {
    const errors = [{ pointer: '/endsAt', detail: 'Too early.' }, { pointer: 1 }, null];
    const { api } = apiThatAnswers(json(422, { code: 'validation_failed', errors }), json(412, {}));
    expect(await failure(api.call('PATCH', '/meetings/mtg_1', {}))).toMatchObject({
      fields: [{ pointer: '/endsAt', detail: 'Too early.' }],
    });
    expect(await failure(api.call('PATCH', '/meetings/mtg_1', {}))).toMatchObject({
      code: 'precondition_failed',
      fields: [],
    });
  });
});
