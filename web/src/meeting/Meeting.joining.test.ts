import { describe, expect, it, vi } from 'vitest';
import { MeetingError } from './errors.ts';
import { Meeting } from './Meeting.ts';
import type { JoinByGrant } from './types.ts';
import {
  ADA,
  answers,
  answerWith,
  beginAnew,
  connections,
  grant,
  join,
  joined,
  meeting,
  others,
  page,
  problem,
  reload,
  requests,
  settle,
  socket,
  sockets,
  state,
  storage,
  stubMeeting,
} from './testing/meeting.ts';

stubMeeting();

describe('joining', () => {
  it('sends token, offer and tracks in its first message and shows who is there', async () => {
    await join();
    expect(state()).toBe('connected');
    expect(socket().url).toBe('ws://node1/signal');
    expect(socket().sent[0]).toMatchObject({
      type: 'join',
      token: 'jwt',
      offer: 'offer 0',
      tracks: [{ mid: '0', source: 'microphone', muted: false }],
    });
    const { participants, self, meeting: info } = meeting.getSnapshot();
    expect(participants.map(({ displayName }) => displayName)).toEqual(['Bob', 'Ada']);
    expect(self?.id).toBe(ADA.id);
    expect(info).toEqual({ id: 'mtg_1', code: 'abc-defg-hij', title: 'Tea' });
    expect(participants[0]?.tracks.camera?.mediaStreamTrack).toMatchObject({ label: 'video8' });
    expect(participants[0]?.tracks.microphone?.mediaStreamTrack).toBeNull();
  });

  it('tells a browser without WebRTC so, and asks for no place in the meeting', async () => {
    const fetch = vi.fn();
    const without = new Meeting({ apiUrl: '/v1', storage: null, environment: { fetch } });
    await without.prepare();
    await expect(without.join({ meeting: 'abc-defg-hij', displayName: 'Ada' })).rejects.toMatchObject({
      code: 'browser_unsupported',
    });
    expect(without.state).toMatchObject({ kind: 'failed', error: { code: 'browser_unsupported' } });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('uses the connection that was prepared', async () => {
    await meeting.prepare();
    await join();
    expect(connections).toHaveLength(1);
    expect(connections[0]!.transceivers[0]!.sender.track).toMatchObject({ kind: 'audio' });
  });

  it('is not held up by a connection that is still being prepared', async () => {
    const prepared = meeting.prepare();
    await join();
    await prepared;
    expect(connections).toHaveLength(1);
    expect(connections[0]!.offers).toBe(1);
    expect(connections[0]!.transceivers).toHaveLength(18);
  });

  it('leaves a connection alone that was closed while it was prepared', async () => {
    const prepared = meeting.prepare();
    await meeting.leave();
    await prepared;
    expect(connections[0]!.offers).toBe(0);
  });

  it.each([
    [404, 'meeting_not_found'],
    [410, 'meeting_ended'],
    [409, 'meeting_full'],
    [403, 'guests_not_allowed'],
  ])('fails with a typed error when the API answers %i', async (status, code) => {
    answerWith(() => problem(status, code));
    await expect(meeting.join({ meeting: 'x', displayName: 'Ada' })).rejects.toMatchObject({ code });
    expect(meeting.state).toMatchObject({ kind: 'failed', error: { code } });
  });

  it('asks for another place when the node is full', async () => {
    answerWith(
      () => grant('http://node1'),
      () => grant('http://node2'),
    );
    const done = meeting.join({ meeting: 'abc', displayName: 'Ada' });
    await settle();
    socket().open();
    socket().die(4503, 'full');
    await settle();
    expect(socket().url).toBe('ws://node2/signal');
    expect(requests.map((request) => request['refusedBy'])).toEqual([undefined, 'node_1']);
    socket().open();
    socket().say(joined(1));
    await done;
    expect(state()).toBe('connected');
  });

  it('gets a fresh token when the node refuses the first, and does not insist', async () => {
    const done = meeting.join({ meeting: 'abc', displayName: 'Ada' });
    const refused = expect(done).rejects.toMatchObject({ code: 'unauthorized' });
    await settle();
    socket().open();
    socket().die(4401, 'token');
    await settle();
    expect(sockets).toHaveLength(2);
    socket().open();
    socket().die(4401, 'token');
    await refused;
    expect(sockets).toHaveLength(2);
  });

  it('fails, and says why, when the browser refuses the answer', async () => {
    const done = meeting.join({ meeting: 'abc', displayName: 'Ada' });
    const refused = expect(done).rejects.toBeInstanceOf(MeetingError);
    await settle();
    socket().open();
    socket().say(joined(1, { answer: 'broken' }));
    await refused;
    expect(meeting.state).toMatchObject({ kind: 'failed', error: { code: 'protocol_error' } });
  });

  it('ends without an error state when left before it is in', async () => {
    const done = meeting.join({ meeting: 'abc', displayName: 'Ada' });
    const refused = expect(done).rejects.toBeInstanceOf(MeetingError);
    await settle();
    await meeting.leave();
    await refused;
    expect(meeting.state).toEqual({ kind: 'ended', reason: 'left' });
  });

  it('comes back as the same participant after a reload, and as somebody new if that is refused', async () => {
    await join();
    answerWith(() => problem(403, 'forbidden'), grant);
    beginAnew();
    await join();
    expect(requests.map((request) => request['resumeToken'])).toEqual([undefined, 'resume', undefined]);
  });
});

describe('a grant that a server got', () => {
  const granted = async (node?: string, fields: object = {}) => ({
    ...((await grant(node).json()) as JoinByGrant['grant']),
    ...fields,
  });

  async function joinBy(options: Omit<JoinByGrant, 'grant'> = {}): Promise<void> {
    const done = meeting.join({ grant: await granted('http://node7'), ...options });
    await settle();
    socket().open();
    socket().say(joined(1));
    await done;
    connections.at(-1)!.become('connected');
  }

  async function loseSession(): Promise<void> {
    socket().say({ type: 'error', number: 2, code: 'resume_failed', message: 'gone' });
    await settle();
  }

  it('is a place without a word to the API', async () => {
    await joinBy();
    expect(requests).toEqual([]);
    expect(socket().url).toBe('ws://node7/signal');
    expect(socket().sent[0]).toMatchObject({ type: 'join', token: 'jwt' });
    expect(meeting.getSnapshot().meeting?.code).toBe('abc-defg-hij');
  });

  it('brings its person back by its resume token, once the session is lost', async () => {
    await joinBy();
    await loseSession();
    expect(requests).toEqual([{ displayName: 'Ada', resumeToken: 'resume' }]);
    socket().open();
    socket().say(joined(1));
    await settle();
    expect(sockets).toHaveLength(2);
  });

  it('says that it takes another one where the resume token is no longer good, and makes nobody new', async () => {
    await joinBy();
    answerWith(() => problem(401, 'unauthorized'));
    await loseSession();
    expect(requests).toHaveLength(1);
    expect(meeting.state).toMatchObject({ kind: 'failed', error: { code: 'unauthorized' } });
    expect((meeting.state as { error?: MeetingError }).error?.message).toContain('renewGrant');
  });

  it('is renewed by the page, which is told who comes back, and asked again after trouble', async () => {
    const renewals: unknown[] = [];
    await joinBy({
      renewGrant: (renewal) => {
        renewals.push(renewal);
        if (renewals.length === 1) return Promise.reject(new TypeError('Failed to fetch'));
        return granted('http://node8', { token: 'second' });
      },
    });
    await loseSession();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(renewals).toEqual([{ resumeToken: 'resume' }, { resumeToken: 'resume' }]);
    expect(requests).toEqual([]);
    socket().open();
    expect(socket().url).toBe('ws://node8/signal');
    expect(socket().sent[0]).toMatchObject({ token: 'second' });
  });

  it('is asked for anew where its node has no room', async () => {
    const renewals: unknown[] = [];
    const done = meeting.join({
      grant: await granted(),
      renewGrant: (renewal) => {
        renewals.push(renewal);
        return granted('http://node2');
      },
    });
    await settle();
    socket().open();
    socket().die(4503, 'full');
    await settle();
    expect(renewals).toEqual([{ resumeToken: 'resume', refusedBy: 'node_1' }]);
    socket().open();
    socket().say(joined(1));
    await done;
  });

  it.each([{}, { state: 'waiting', waitingToken: 'wait' }, { token: 'jwt' }])(
    'is refused when it is none: %j',
    async (no) => {
      const wrong = meeting.join({ grant: no as unknown as JoinByGrant['grant'] });
      await expect(wrong).rejects.toMatchObject({ code: 'invalid_request' });
      expect(requests).toEqual([]);
    },
  );
});

describe('a waiting room and a passcode', () => {
  const waiting = () =>
    new Response(JSON.stringify({ state: 'waiting', waitingToken: 'wait', pollAfterMs: 1_000 }), {
      status: 202,
    });

  it('waits for a host through trouble, and goes in by itself', async () => {
    answerWith(waiting, waiting, () => problem(500, 'broken'), grant);
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    expect(state()).toBe('waiting');
    await vi.advanceTimersByTimeAsync(3_000);
    expect(state()).toBe('joining');
    socket().open();
    socket().say(joined(1));
    await done;
    expect(state()).toBe('connected');
  });

  it('asks again when it was told to, so that who is let in is in within a second', async () => {
    const soon = () =>
      new Response(JSON.stringify({ state: 'waiting', waitingToken: 'wait', pollAfterMs: 700 }), {
        status: 202,
      });
    answerWith(soon, soon, grant);
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    await vi.advanceTimersByTimeAsync(699);
    expect(answers.length).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(answers.length).toBe(1);
    expect(state()).toBe('waiting');
    await vi.advanceTimersByTimeAsync(700);
    expect(state()).toBe('joining');
    socket().open();
    socket().say(joined(1));
    await done;
  });

  it('says that a host said no', async () => {
    answerWith(waiting, () => problem(403, 'removed'));
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    const refused = expect(done).rejects.toMatchObject({ code: 'barred' });
    await vi.advanceTimersByTimeAsync(1_000);
    await refused;
    expect(state()).toBe('failed');
  });

  it('stops asking when one no longer waits', async () => {
    answerWith(waiting);
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    const left = expect(done).rejects.toMatchObject({ code: 'unreachable' });
    await settle();
    await meeting.leave();
    await vi.advanceTimersByTimeAsync(5_000);
    await left;
    expect(requests).toHaveLength(1);
    expect(meeting.state).toEqual({ kind: 'ended', reason: 'left' });
  });

  it('tells the API when one gives up, and is somebody new the next time', async () => {
    answerWith(waiting);
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    const left = expect(done).rejects.toMatchObject({ code: 'unreachable' });
    await settle();
    await meeting.leave();
    await settle();
    expect(others).toMatchObject([
      {
        url: '/v1/meetings/abc-defg-hij/join',
        init: { headers: { Authorization: 'Bearer wait' }, keepalive: true },
      },
    ]);
    expect(storage.values.size).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    await left;
  });

  it('is left with the page, and taken again by a page that was reloaded', async () => {
    answerWith(waiting);
    void meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    page.hide();
    await settle();
    expect(others.map(({ init }) => init.method)).toEqual(['DELETE']);
    vi.clearAllTimers();
    reload();
    answerWith(waiting, grant);
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    expect(requests.map(({ resumeToken }) => resumeToken)).toEqual([undefined, 'wait']);
    await vi.advanceTimersByTimeAsync(1_000);
    socket().open();
    socket().say(joined(1));
    await done;
    page.hide();
    await settle();
    expect(others).toHaveLength(1);
    expect(storage.getItem('parley.resume.abc-defg-hij')).toBe('resume');
  });

  it('is no way back in by itself for who was told no there after a reload', async () => {
    storage.setItem('parley.resume.abc-defg-hij', 'wait');
    answerWith(waiting, () => problem(403, 'removed'));
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    const refused = expect(done).rejects.toMatchObject({ code: 'barred' });
    await vi.advanceTimersByTimeAsync(1_000);
    await refused;
    expect(requests).toHaveLength(2);
    expect(storage.values.size).toBe(0);
  });

  it('lets a wrong passcode be corrected', async () => {
    answerWith(() => problem(403, 'passcode_wrong'));
    const wrong = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada', passcode: 'tae' });
    await expect(wrong).rejects.toMatchObject({ code: 'passcode_wrong' });
    expect(state()).toBe('idle');
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada', passcode: 'tea' });
    await settle();
    socket().open();
    socket().say(joined(1));
    await done;
    expect(requests.map(({ passcode }) => passcode)).toEqual(['tae', 'tea']);
    expect(state()).toBe('connected');
  });
});
