import { describe, expect, it } from 'vitest';
import { Recordings } from './Recordings.ts';

const RECORDING = {
  id: 'rec_1',
  meeting: 'mtg_1',
  state: 'ready',
  reason: null,
  progress: 1,
  requestedAt: '2026-11-23T12:00:00Z',
  access: { participants: false, users: [] },
};

function recordingsThatAnswer(...answers: [number, unknown][]) {
  const requests: string[] = [];
  const recordings = new Recordings({
    apiUrl: '/v1',
    accessToken: () => Promise.resolve('token'),
    wait: () => Promise.resolve(),
    fetch: (url, init) => {
      const body = typeof init?.body === 'string' ? ` ${init.body}` : '';
      requests.push(`${init?.method ?? ''} ${url as string}${body}`);
      const [status, answer] = answers.shift() ?? [500, {}];
      return Promise.resolve(new Response(JSON.stringify(answer), { status }));
    },
  });
  return { recordings, requests };
}

describe('Recordings', () => {
  it('turns pages by their cursor', async () => {
    const { recordings, requests } = recordingsThatAnswer(
      [200, { items: [RECORDING], nextCursor: 'a=' }],
      [200, { items: [], nextCursor: null }],
    );
    const first = await recordings.page();
    expect(first.items[0]?.id).toBe('rec_1');
    await recordings.page(first.nextCursor);
    expect(requests).toEqual(['GET /v1/recordings?limit=20', 'GET /v1/recordings?limit=20&cursor=a%3D']);
  });

  it('asks for links and knows which files there are none of', async () => {
    const media = { expiresAt: '2026-11-23T12:05:00Z', mp4: null };
    const { recordings } = recordingsThatAnswer([200, media]);
    expect(await recordings.media('rec_1')).toEqual({
      ...media,
      chapters: null,
      chat: null,
      thumbnails: null,
    });
  });

  it('asks for what is done of a film, which may be nothing', async () => {
    const expiresAt = '2026-11-23T12:05:00Z';
    const { recordings, requests } = recordingsThatAnswer(
      [200, { expiresAt, hls: { url: '/p/1/master.m3u8' } }],
      [200, { expiresAt, hls: null }],
      [200, { expiresAt }],
    );
    expect(await recordings.growing('rec_1')).toEqual({ expiresAt, url: '/p/1/master.m3u8' });
    expect(await recordings.growing('rec_1')).toBeNull();
    await expect(recordings.growing('rec_1')).rejects.toMatchObject({ code: 'unexpected' });
    expect(requests[0]).toBe('GET /v1/recordings/rec_1/media?kinds=hls');
  });

  it('reads the log of who was given links, page by page', async () => {
    const entry = { at: '2026-11-23T12:05:00Z', by: 'usr_1', kinds: ['mp4'], requestId: 'req_1' };
    const { recordings, requests } = recordingsThatAnswer(
      [200, { items: [entry], nextCursor: 'a=' }],
      [200, { items: [{ ...entry, kinds: null }] }],
    );
    expect(await recordings.accessLog('rec_1')).toEqual({ items: [entry], nextCursor: 'a=' });
    await expect(recordings.accessLog('rec_1', 'a=')).rejects.toMatchObject({ code: 'unexpected' });
    expect(requests.at(-1)).toBe('GET /v1/recordings/rec_1/access-log?limit=20&cursor=a%3D');
  });

  it('gathers the files of all tracks, and tells that there are none yet', async () => {
    const piece = (url: string) => ({ track: 'trk_1', url, bytes: 1 });
    const { recordings, requests } = recordingsThatAnswer(
      [200, { trackFiles: [piece('a')], nextCursor: 'c' }],
      [200, { trackFiles: [piece('b')], nextCursor: null }],
      [200, { trackFiles: null, nextCursor: null }],
    );
    expect((await recordings.trackFiles('rec_1'))?.map((one) => one.url)).toEqual(['a', 'b']);
    expect(requests[1]).toContain('&cursor=c');
    expect(await recordings.trackFiles('rec_1')).toBeNull();
  });

  it('names each who was there and signed in once', async () => {
    const ana = `usr_${'a'.repeat(26)}`;
    const { recordings, requests } = recordingsThatAnswer([
      200,
      {
        items: [
          { displayName: 'Ann', externalId: ana },
          { displayName: 'Guest', externalId: null },
          { displayName: 'Of a server', externalId: '4711' },
          { displayName: 'Ana', externalId: ana },
        ],
      },
    ]);
    expect(await recordings.attendees('mtg_1')).toEqual([{ user: ana, name: 'Ana' }]);
    expect(requests).toEqual(['GET /v1/meetings/mtg_1/participants']);
  });

  it('keeps, shares, composes and deletes', async () => {
    const { recordings, requests } = recordingsThatAnswer(
      [200, RECORDING],
      [200, RECORDING],
      [202, {}],
      [202, { ...RECORDING, state: 'deleting' }],
    );
    await recordings.keepUntil('rec_1', null);
    await recordings.share('rec_1', { participants: true, users: [] });
    await recordings.compose('rec_1', 'grid');
    expect((await recordings.delete('rec_1')).state).toBe('deleting');
    expect(requests).toEqual([
      'PATCH /v1/recordings/rec_1 {"retainUntil":null}',
      'PATCH /v1/recordings/rec_1 {"access":{"participants":true,"users":[]}}',
      'POST /v1/recordings/rec_1/compositions {"layout":"grid"}',
      'DELETE /v1/recordings/rec_1',
    ]);
  });

  it('allows a meeting to be recorded before it asks again', async () => {
    const { recordings, requests } = recordingsThatAnswer(
      [409, { code: 'recording_off' }],
      [200, {}],
      [201, { ...RECORDING, state: 'starting' }],
    );
    expect((await recordings.start('abc')).state).toBe('starting');
    expect(requests).toEqual([
      'POST /v1/meetings/abc/recordings {}',
      'PATCH /v1/meetings/abc {"recording":"allowed"}',
      'POST /v1/meetings/abc/recordings {}',
    ]);
  });

  it('leaves other refusals as they are', async () => {
    const { recordings, requests } = recordingsThatAnswer([
      409,
      { code: 'already_recording', detail: 'It goes on.' },
    ]);
    await expect(recordings.start('abc')).rejects.toMatchObject({ status: 409, message: 'It goes on.' });
    expect(requests).toHaveLength(1);
  });

  it.each([null, {}, { items: 5 }, { items: [{}] }, { items: [{ ...RECORDING, access: null }] }])(
    'refuses an answer that is no page of recordings: %j',
    async (answer) => {
      const { recordings } = recordingsThatAnswer([200, answer]);
      await expect(recordings.page()).rejects.toMatchObject({ code: 'unexpected' });
    },
  );
});
