import { beforeEach, describe, expect, it } from 'vitest';
import { SignIn, challengeOf } from './SignIn.ts';

const PLACE = {
  issuer: 'https://id.test',
  clientId: 'parley-web',
  scope: 'openid profile',
  authorizationEndpoint: 'https://id.test/authorize?tenant=1',
  tokenEndpoint: 'https://id.test/token',
};

class MemoryStorage {
  readonly values = new Map<string, string>();
  getItem(name: string): string | null {
    return this.values.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.values.set(name, value);
  }
  removeItem(name: string): void {
    this.values.delete(name);
  }
}

let now: number;
let storage: MemoryStorage;
let visited: URL[];
let requests: { url: string; init: RequestInit | undefined }[];
let places: object[];
let grants: (object | number)[];

function aSignIn(): SignIn {
  return new SignIn({
    apiUrl: 'https://parley.test/v1',
    origin: 'https://parley.test',
    storage,
    goTo: (url) => visited.push(new URL(url)),
    now: () => now,
    fetch: (url, init) => {
      requests.push({ url: url as string, init });
      if ((url as string).endsWith('/sign-in')) return answer({ items: places });
      if ((url as string).endsWith('/users/me')) return answer({ name: 'Ada' });
      return answer(grants.shift() ?? { access_token: 'secret', expires_in: 3600 });
    },
  });
}

function answer(body: object | number): Promise<Response> {
  if (body === 0) return Promise.reject(new TypeError('no network'));
  if (typeof body === 'number') return Promise.resolve(new Response('{}', { status: body }));
  return Promise.resolve(new Response(JSON.stringify(body)));
}

async function signedIn(refreshToken: string): Promise<SignIn> {
  grants = [{ access_token: 'first', expires_in: 3600, refresh_token: refreshToken }];
  const state = String((await begin()).get('state'));
  await aSignIn().complete(new URLSearchParams({ code: 'c1', state }));
  return aSignIn();
}

function lastForm(): Record<string, string> {
  return Object.fromEntries(requests.at(-1)?.init?.body as URLSearchParams);
}

async function begin(): Promise<URLSearchParams> {
  await aSignIn().begin();
  return (visited.at(-1) ?? new URL('about:blank')).searchParams;
}

beforeEach(() => {
  now = 1_000_000;
  storage = new MemoryStorage();
  visited = [];
  requests = [];
  places = [PLACE];
  grants = [];
});

describe('signing in', () => {
  it('goes to the issuer with a challenge, and exchanges the code with its verifier', async () => {
    const asked = await begin();
    expect(visited[0]?.origin).toBe('https://id.test');
    expect(asked.get('tenant')).toBe('1');
    expect(asked.get('redirect_uri')).toBe('https://parley.test/sign-in');
    expect(asked.get('code_challenge_method')).toBe('S256');
    const state = String(asked.get('state'));
    // Another SignIn: the page was loaded anew meanwhile.
    const after = aSignIn();
    expect(await after.token()).toBeNull();
    await after.complete(new URLSearchParams({ code: 'c1', state, iss: PLACE.issuer }));
    const body = requests.at(-1)?.init?.body as URLSearchParams;
    expect(body.get('code')).toBe('c1');
    expect(await challengeOf(String(body.get('code_verifier')))).toBe(asked.get('code_challenge'));
    expect(await after.token()).toBe('secret');
    expect(await after.fetchName()).toBe('Ada');
    expect(requests.at(-1)?.init?.headers).toEqual({ Authorization: 'Bearer secret' });
  });

  it.each([
    ['another state', { code: 'c1', state: 'other' }],
    ['no state', { code: 'c1' }],
    ['another issuer', { code: 'c1', iss: 'https://evil.test' }],
    ['an error', { error: 'access_denied' }],
  ])('takes no answer with %s', async (_, answer) => {
    const state = String((await begin()).get('state'));
    const given =
      'state' in answer || !('iss' in answer || 'error' in answer) ? answer : { ...answer, state };
    const before = requests.length;
    await expect(aSignIn().complete(new URLSearchParams(given))).rejects.toMatchObject({
      code: 'unauthorized',
    });
    expect(requests.length).toBe(before);
    expect(await aSignIn().token()).toBeNull();
  });

  it('takes an answer once', async () => {
    const answer = new URLSearchParams({ code: 'c1', state: String((await begin()).get('state')) });
    await aSignIn().complete(answer);
    await expect(aSignIn().complete(answer)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('lasts as long as the token, and ends when the person says so', async () => {
    await aSignIn().complete(
      new URLSearchParams({ code: 'c1', state: String((await begin()).get('state')) }),
    );
    now += 3_560_000;
    expect(await aSignIn().token()).toBe('secret');
    aSignIn().end();
    expect(await aSignIn().token()).toBeNull();
    await aSignIn().complete(
      new URLSearchParams({ code: 'c2', state: String((await begin()).get('state')) }),
    );
    now += 3_580_000;
    expect(await aSignIn().token()).toBeNull();
  });

  it('is renewed when the token has run out, each time with the newest refresh token', async () => {
    const person = await signedIn('r1');
    const before = requests.length;
    expect(await person.token()).toBe('first');
    expect(requests.length).toBe(before);
    for (const [used, next] of [
      ['r1', 'r2'],
      ['r2', 'r3'],
    ]) {
      now += 3_600_000;
      grants = [{ access_token: `after ${String(used)}`, expires_in: 3600, refresh_token: next }];
      expect(await Promise.all([person.token(), person.token()])).toEqual(
        Array(2).fill(`after ${String(used)}`),
      );
      expect(lastForm()).toEqual({
        grant_type: 'refresh_token',
        refresh_token: used,
        client_id: PLACE.clientId,
      });
    }
    expect(requests.length).toBe(before + 2);
    // One that does not rotate sends none: the one before stays good.
    now += 3_600_000;
    grants = [{ access_token: 'again', expires_in: 3600 }];
    expect(await person.token()).toBe('again');
    now += 3_600_000;
    await person.token();
    expect(lastForm()['refresh_token']).toBe('r3');
  });

  it('ends when the issuer refuses to renew it, and waits when it does not answer', async () => {
    const person = await signedIn('r1');
    now += 3_600_000;
    for (const silence of [0, 503]) {
      grants = [silence];
      expect(await person.token()).toBeNull();
      expect(person.isSignedIn()).toBe(true);
    }
    grants = [400];
    expect(await person.token()).toBeNull();
    expect(person.isSignedIn()).toBe(false);
    expect(storage.values.size).toBe(0);
  });

  it('is not offered where no issuer is trusted', async () => {
    places = [];
    expect(await aSignIn().isOffered()).toBe(false);
    await expect(aSignIn().begin()).rejects.toMatchObject({ code: 'unexpected' });
  });

  it('computes the challenge of RFC 7636, appendix B', async () => {
    expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
  });
});
