import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

const SOURCE = readFileSync(new URL('../../public/sw.js', import.meta.url), 'utf8');
const ORIGIN = 'https://parley.example';

interface Asked {
  readonly url: string;
  readonly method: string;
  readonly mode: string;
}

/** A browser with one cache and a network that may be away. */
function start() {
  const handlers = new Map<string, (event: object) => void>();
  const kept = new Map<string, Response>();
  const keyOf = (key: string | Asked) => (typeof key === 'string' ? ORIGIN + key : key.url);
  const cache = {
    add: (path: string) => Promise.resolve(kept.set(ORIGIN + path, new Response('page'))),
    put: (key: string | Asked, answer: Response) => Promise.resolve(kept.set(keyOf(key), answer)),
  };
  const network = { isAway: false, asked: [] as string[] };
  runInNewContext(SOURCE, {
    URL,
    Promise,
    self: {
      location: { origin: ORIGIN },
      skipWaiting: () => undefined,
      addEventListener: (name: string, handler: (event: object) => void) => handlers.set(name, handler),
    },
    caches: {
      open: () => Promise.resolve(cache),
      match: (key: string | Asked) => Promise.resolve(kept.get(keyOf(key))?.clone()),
    },
    fetch: ({ url }: Asked) => {
      network.asked.push(url);
      if (network.isAway) return Promise.reject(new TypeError('Failed to fetch'));
      return Promise.resolve(new Response(`fresh ${url}`));
    },
  });
  /** Null when the worker leaves the request to the browser. */
  const ask = async (url: string, mode = 'cors', method = 'GET'): Promise<string | null> => {
    const answers: Promise<Response>[] = [];
    const respondWith = (given: Promise<Response>) => answers.push(given);
    handlers.get('fetch')?.({ request: { url, method, mode }, respondWith });
    const answer = await answers[0];
    return answer === undefined ? null : answer.text();
  };
  return { ask, network, kept };
}

describe('the service worker', () => {
  it('leaves the API, media nodes and everything that is not GET alone', async () => {
    const { ask, kept } = start();
    expect(await ask(`${ORIGIN}/v1/meetings/abc-defg-hij`)).toBeNull();
    expect(await ask('https://node.example/signal')).toBeNull();
    expect(await ask(`${ORIGIN}/assets/a.js`, 'cors', 'POST')).toBeNull();
    expect(await ask(`${ORIGIN}/favicon.svg`)).toBeNull();
    expect(kept.size).toBe(0);
  });

  it('shows the server’s page while there is one, and the kept one when the network is away', async () => {
    const { ask, network, kept } = start();
    expect(await ask(`${ORIGIN}/m/abc-defg-hij`, 'navigate')).toBe(`fresh ${ORIGIN}/m/abc-defg-hij`);
    network.isAway = true;
    expect(await ask(`${ORIGIN}/m/zzz-zzzz-zzz`, 'navigate')).toContain('fresh');
    expect([...kept.keys()]).toEqual([`${ORIGIN}/`]);
  });

  it('fails as the network does while it has no page yet', async () => {
    const { ask, network } = start();
    network.isAway = true;
    await expect(ask(`${ORIGIN}/`, 'navigate')).rejects.toThrow('Failed to fetch');
  });

  it('asks for a file with a hash in its name once', async () => {
    const { ask, network } = start();
    await ask(`${ORIGIN}/assets/a-1.js`);
    network.isAway = true;
    expect(await ask(`${ORIGIN}/assets/a-1.js`)).toContain('fresh');
    expect(network.asked).toHaveLength(1);
  });
});
