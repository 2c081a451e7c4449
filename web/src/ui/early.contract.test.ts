import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { fetchMeeting } from '../meeting/index.ts';
import { fetchOrTake } from './early.ts';

const SOURCE = readFileSync(new URL('../../public/early.js', import.meta.url), 'utf8');

function start(pathname: string, kept: string | null = null) {
  const asked: string[] = [];
  const window: Pick<Window, 'parleyEarly'> = {};
  const documentElement = { dataset: {} as Record<string, string> };
  runInNewContext(SOURCE, {
    JSON,
    window,
    document: { documentElement },
    location: { pathname },
    localStorage: { getItem: (key: string) => (key === 'parley.settings' ? kept : null) },
    fetch: (url: string) => {
      asked.push(url);
      return Promise.resolve(
        new Response('{"id":"mtg_1","code":"abc-defg-hij","state":"active","title":"Early"}'),
      );
    },
  });
  return { asked, window, theme: documentElement.dataset['theme'] };
}

describe('what runs before the app', () => {
  it('asks for the meeting of the address, where the app takes the answer', async () => {
    const { asked, window } = start('/m/abc-defg-hij');
    expect(asked).toEqual(['/v1/meetings/abc-defg-hij']);
    vi.stubGlobal('window', window);
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('asked twice')));
    const details = await fetchMeeting('/v1', 'abc-defg-hij', { fetch: fetchOrTake });
    expect(details.title).toBe('Early');
    // Once: another look at the same meeting asks the network.
    await expect(fetchMeeting('/v1', 'abc-defg-hij', { fetch: fetchOrTake })).rejects.toMatchObject({
      code: 'unreachable',
    });
    vi.unstubAllGlobals();
  });

  it.each(['/', '/meetings', '/m/', '/recordings/rec_1', '/m/a/b'])('asks for nothing at %s', (path) => {
    expect(start(path)).toMatchObject({ asked: [], window: {} });
  });

  it.each([
    ['{"theme":"dark"}', 'dark'],
    ['{"theme":"light","language":"de"}', 'light'],
    ['{"theme":"system"}', undefined],
    ['{"theme":"<b>"}', undefined],
    ['null', undefined],
    ['{', undefined],
    [null, undefined],
  ])('paints the page in the colours of %s', (kept, theme) => {
    expect(start('/', kept).theme).toBe(theme);
  });
});
