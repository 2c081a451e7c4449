import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

const SOURCE = readFileSync(new URL('../../public/sw.js', import.meta.url), 'utf8');
const ORIGIN = 'https://parley.example';
const DOOR = `${ORIGIN}/m/abc-defg-hij`;

interface Asked {
  readonly url: string;
  readonly method: string;
  readonly mode: string;
}

/** What the page of a version names. */
const filesOf = (version: number): readonly string[] =>
  ['files-N.json', 'main-N.css', 'main-N.js'].map((name) => `/assets/${name.replace('N', String(version))}`);

/** The page of one version: which files it names, under which headers. */
const pageOf = (version: number, path: string): Response =>
  new Response(
    `<link rel="icon" href="/favicon.svg"><script src="/early.js"></script>` +
      `<script type="module" crossorigin src="/assets/main-${String(version)}.js"></script>` +
      `<link rel="stylesheet" crossorigin href="/assets/main-${String(version)}.css">` +
      `<meta name="parley-files" content="/assets/files-${String(version)}.json" />`,
    { headers: { 'Content-Security-Policy': path.startsWith('/m/') ? 'framed' : 'never framed' } },
  );

/** What a file under /assets/ holds: a version's list names its files, and one that is the same in all versions. */
const assetAt = (path: string): Response => {
  const version = /files-(\d)\.json$/.exec(path)?.[1];
  if (version === undefined) return new Response(`file ${path}`);
  return Response.json([...filesOf(Number(version)), `/assets/lazy-${version}.js`, '/assets/lazy-same.js']);
};

/** A server with one version of the app, and the way to it. */
function network() {
  const state = { isAway: false, version: 1, missing: '', broken: '', asked: [] as string[] };
  const fetch = (input: string | Asked): Promise<Response> => {
    const { pathname } = new URL(typeof input === 'string' ? ORIGIN + input : input.url);
    state.asked.push(pathname);
    if (state.isAway) return Promise.reject(new TypeError('Failed to fetch'));
    if (pathname === state.missing) return Promise.resolve(new Response('', { status: 503 }));
    return Promise.resolve(
      pathname.startsWith('/assets/') ? assetAt(pathname) : pageOf(state.version, pathname),
    );
  };
  return { state, fetch };
}

/** A browser with one cache. */
async function start(at: { readonly missing?: string } = {}) {
  const { state, fetch } = network();
  Object.assign(state, at);
  const handlers = new Map<string, (event: object) => void>();
  const kept = new Map<string, Response>();
  const keyOf = (key: string | Asked) => (typeof key === 'string' ? ORIGIN + key : key.url);
  /** Fails where the browser's store does what `broken` names. */
  const stored = <Result>(does: string, result: () => Result): Promise<Result> =>
    state.broken === does
      ? Promise.reject(new DOMException('no room', 'QuotaExceededError'))
      : Promise.resolve(result());
  const match = (key: string | Asked) => stored('match', () => kept.get(keyOf(key))?.clone());
  const cache = {
    match,
    add: async (path: string) => {
      const answer = await fetch(path);
      if (!answer.ok) throw new TypeError('Request failed');
      kept.set(ORIGIN + path, answer);
    },
    put: (key: string | Asked, answer: Response) => stored('put', () => kept.set(keyOf(key), answer)),
    keys: () => Promise.resolve([...kept.keys()].map((url) => ({ url }))),
    delete: (key: string | Asked) => Promise.resolve(kept.delete(keyOf(key))),
  };
  runInNewContext(SOURCE, {
    URL,
    Error,
    Promise,
    Response,
    self: {
      location: { origin: ORIGIN },
      skipWaiting: () => undefined,
      addEventListener: (name: string, handler: (event: object) => void) => handlers.set(name, handler),
    },
    caches: { open: () => stored('open', () => cache), match },
    fetch,
  });
  /** Until the worker has done all that it had in mind. Null when it leaves the request to the browser. */
  const handle = async (name: string, request?: Asked): Promise<Response | null> => {
    const answers: Promise<Response>[] = [];
    const waits: Promise<unknown>[] = [];
    handlers.get(name)?.({
      request,
      respondWith: (given: Promise<Response>) => answers.push(given),
      waitUntil: (wait: Promise<unknown>) => waits.push(wait),
    });
    const answer = (await answers[0]) ?? null;
    await Promise.allSettled(waits);
    return answer;
  };
  const ask = (url: string, mode = 'cors', method = 'GET') => handle('fetch', { url, method, mode });
  const paths = () =>
    [...kept.keys()]
      .map((url) => new URL(url).pathname)
      .filter((path) => path !== '/former-version')
      .sort();
  await handle('install');
  return { ask, state, paths };
}

describe('the service worker', () => {
  it('keeps the page with all files that it names, before any of them was asked for through it', async () => {
    const { paths, ask, state } = await start();
    expect(paths()).toEqual(['/', ...filesOf(1)]);
    state.isAway = true;
    expect(await (await ask(`${ORIGIN}/assets/main-1.js`))?.text()).toBe('file /assets/main-1.js');
  });

  it('leaves the API, media nodes and everything that is not GET alone', async () => {
    const { ask, paths } = await start();
    expect(await ask(`${ORIGIN}/v1/meetings/abc-defg-hij`)).toBeNull();
    expect(await ask('https://node.example/signal')).toBeNull();
    expect(await ask(`${ORIGIN}/assets/a.js`, 'cors', 'POST')).toBeNull();
    expect(await ask(`${ORIGIN}/favicon.svg`)).toBeNull();
    expect(paths()).toEqual(['/', ...filesOf(1)]);
  });

  it('shows the server’s page while there is one, and the one of `/` when the network is away', async () => {
    const { ask, state } = await start();
    const policyOf = async (url: string) =>
      (await ask(url, 'navigate'))?.headers.get('Content-Security-Policy');
    expect(await policyOf(DOOR)).toBe('framed');
    state.isAway = true;
    expect(await policyOf(DOOR)).toBe('never framed');
    expect(await policyOf(`${ORIGIN}/admin`)).toBe('never framed');
  });

  it('has the page of a new version after any navigation, and files of the one before for tabs that began with it', async () => {
    const { ask, state, paths } = await start();
    await ask(`${ORIGIN}/assets/lazy-1.js`);
    await ask(DOOR, 'navigate');
    expect(paths()).toEqual(['/', '/assets/lazy-1.js', ...filesOf(1)].sort());
    state.version = 2;
    await Promise.all([ask(DOOR, 'navigate'), ask(`${ORIGIN}/assets/lazy-2.js`)]);
    const second = ['/assets/lazy-2.js', ...filesOf(2)];
    expect(paths()).toEqual(['/', '/assets/lazy-1.js', ...filesOf(1), ...second].sort());
    state.version = 3;
    await ask(DOOR, 'navigate');
    expect(paths()).toEqual(['/', ...second, ...filesOf(3)].sort());
  });

  it('keeps what no page names for as long as each version has it', async () => {
    const { ask, state } = await start();
    for (const version of [1, 2, 3, 4]) {
      state.version = version;
      await ask(DOOR, 'navigate');
      await ask(`${ORIGIN}/assets/lazy-same.js`);
      await ask(DOOR, 'navigate');
    }
    state.isAway = true;
    expect(await (await ask(`${ORIGIN}/assets/lazy-same.js`))?.text()).toBe('file /assets/lazy-same.js');
    expect(state.asked.filter((path) => path === '/assets/lazy-same.js')).toHaveLength(1);
  });

  it.each(['match', 'open', 'put'])(
    'gives the server’s files where `%s` of what is kept fails',
    async (broken) => {
      const { ask, state } = await start();
      state.broken = broken;
      expect(await (await ask(`${ORIGIN}/assets/a-1.js`))?.text()).toBe('file /assets/a-1.js');
      expect((await ask(DOOR, 'navigate'))?.headers.get('Content-Security-Policy')).toBe('framed');
    },
  );

  it('is there for the files where there is no page that it may keep', async () => {
    const { ask, state } = await start({ missing: '/' });
    state.isAway = true;
    await expect(ask(DOOR, 'navigate')).rejects.toThrow('Failed to fetch');
    state.isAway = false;
    expect(await (await ask(`${ORIGIN}/assets/main-1.js`))?.text()).toBe('file /assets/main-1.js');
  });

  it('goes on with the version before while a file of the new one is missing', async () => {
    const { ask, state } = await start();
    [state.version, state.missing] = [2, '/assets/main-2.css'];
    await ask(DOOR, 'navigate');
    state.isAway = true;
    expect(await (await ask(DOOR, 'navigate'))?.text()).toBe(await pageOf(1, '/').text());
    for (const path of filesOf(1))
      expect(await (await ask(ORIGIN + path))?.text()).toBe(await assetAt(path).text());
  });

  it('keeps no page that is an error', async () => {
    const { ask, state, paths } = await start();
    state.missing = '/';
    await ask(DOOR, 'navigate');
    state.isAway = true;
    expect(await (await ask(DOOR, 'navigate'))?.text()).toBe(await pageOf(1, '/').text());
    expect(paths()).toEqual(['/', ...filesOf(1)]);
  });

  it('asks for a file with a hash in its name once', async () => {
    const { ask, state } = await start();
    await ask(`${ORIGIN}/assets/a-1.js`);
    state.isAway = true;
    expect(await (await ask(`${ORIGIN}/assets/a-1.js`))?.text()).toBe('file /assets/a-1.js');
    expect(state.asked.filter((path) => path === '/assets/a-1.js')).toHaveLength(1);
  });
});
