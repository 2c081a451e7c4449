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

function aSignIn(): SignIn {
  return new SignIn({
    apiUrl: 'https://parley.test/v1',
    origin: 'https://parley.test',
    storage,
    goTo: (url) => visited.push(new URL(url)),
    now: () => now,
    fetch: (url, init) => {
      requests.push({ url: url as string, init });
      const body = (url as string).endsWith('/sign-in')
        ? { items: places }
        : (url as string).endsWith('/users/me')
          ? { name: 'Ada' }
          : { access_token: 'secret', expires_in: 3600 };
      return Promise.resolve(new Response(JSON.stringify(body)));
    },
  });
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
    expect(after.token()).toBeNull();
    await after.complete(new URLSearchParams({ code: 'c1', state, iss: PLACE.issuer }));
    const body = requests.at(-1)?.init?.body as URLSearchParams;
    expect(body.get('code')).toBe('c1');
    expect(await challengeOf(String(body.get('code_verifier')))).toBe(asked.get('code_challenge'));
    expect(after.token()).toBe('secret');
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
    expect(aSignIn().token()).toBeNull();
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
    expect(aSignIn().token()).toBe('secret');
    aSignIn().end();
    expect(aSignIn().token()).toBeNull();
    await aSignIn().complete(
      new URLSearchParams({ code: 'c2', state: String((await begin()).get('state')) }),
    );
    now += 3_580_000;
    expect(aSignIn().token()).toBeNull();
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
