import { describe, expect, it } from 'vitest';
import { Api } from '../api/index.ts';
import { Hosting } from './Hosting.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly bearer: string | null;
}

/** A control plane that gives each call the same answer. */
function host(status: number, answer: unknown, meeting: string | null = 'mtg_1') {
  const asked: Asked[] = [];
  const api = new Api({
    apiUrl: '/v1',
    accessToken: () => Promise.resolve('resume'),
    fetch: (url, init) => {
      const headers = new Headers(init?.headers);
      const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : null;
      const path = typeof url === 'string' ? url : '';
      asked.push({ method: init?.method ?? '', path, body, bearer: headers.get('Authorization') });
      return Promise.resolve(new Response(JSON.stringify(answer), { status }));
    },
  });
  return { hosting: new Hosting(api, () => meeting), asked };
}

describe('a host', () => {
  it('is let in by the own participant and asks for exactly one thing', async () => {
    const { hosting, asked } = host(200, {});
    await hosting.admit('par_1');
    await hosting.deny('par_1');
    await hosting.admitAll();
    await hosting.muteAll();
    await hosting.setRole('par_1', 'cohost');
    await hosting.rename('par_1', 'Ada L.');
    await hosting.ban('par_1');
    await hosting.endMeeting();
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/meetings/mtg_1/participants/par_1/admit',
      'POST /v1/meetings/mtg_1/participants/par_1/deny',
      'POST /v1/meetings/mtg_1/participants/admit-all',
      'POST /v1/meetings/mtg_1/participants/mute-all',
      'PATCH /v1/meetings/mtg_1/participants/par_1',
      'PATCH /v1/meetings/mtg_1/participants/par_1',
      'DELETE /v1/meetings/mtg_1/participants/par_1?ban=true',
      'POST /v1/meetings/mtg_1/end',
    ]);
    expect(asked[4]?.body).toEqual({ role: 'cohost' });
    expect(asked[5]?.body).toEqual({ displayName: 'Ada L.' });
    expect(asked.every(({ bearer }) => bearer === 'Bearer resume')).toBe(true);
  });

  it('locks the meeting and sees that it is locked', async () => {
    const { hosting, asked } = host(200, { locked: true, waitingRoom: false, title: 'Tea' });
    expect(await hosting.changeRules({ locked: true })).toEqual({
      locked: true,
      waitingRoom: false,
      hasPasscode: false,
    });
    expect(asked[0]?.body).toEqual({ locked: true });
    expect(await hosting.fetchRules()).toEqual({ locked: true, waitingRoom: false, hasPasscode: false });
  });

  it('sees who waits', async () => {
    const { hosting } = host(200, { items: [{ id: 'par_1', displayName: 'Cleo', askedAt: null }] });
    expect(await hosting.listWaiting()).toEqual([{ id: 'par_1', displayName: 'Cleo', askedAt: null }]);
  });

  it('begins at the end of the log, and goes on from what it has read', async () => {
    const items = [
      { number: 4, type: 'participant.waiting' },
      { number: 5, type: 'meeting.updated' },
    ];
    const { hosting, asked } = host(200, { items, nextCursor: '5', last: 9 });
    expect(await hosting.lastEvent()).toBe(9);
    expect(await hosting.eventsAfter(3)).toEqual({
      types: ['participant.waiting', 'meeting.updated'],
      last: 5,
    });
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/meetings/mtg_1/events?limit=1',
      '/v1/meetings/mtg_1/events?after=3&limit=100&waitSeconds=8',
    ]);
    await expect(host(200, { items: [] }).hosting.eventsAfter(3)).rejects.toMatchObject({
      code: 'server_error',
    });
  });

  it('is told what went wrong, in one kind of error', async () => {
    await expect(host(403, { code: 'forbidden' }).hosting.admitAll()).rejects.toMatchObject({
      name: 'MeetingError',
      code: 'forbidden',
    });
    for (const answer of [null, {}, { items: [{}] }, { locked: 'yes' }]) {
      const { hosting } = host(200, answer);
      await expect(hosting.listWaiting()).rejects.toMatchObject({ code: 'server_error' });
      await expect(hosting.fetchRules()).rejects.toMatchObject({ code: 'server_error' });
    }
    await expect(host(200, {}, null).hosting.muteAll()).rejects.toMatchObject({ code: 'forbidden' });
  });
});
