/** A meeting, its API and its node for tests of `Meeting`: what the test says happens, and nothing else. */
import { beforeEach, vi } from 'vitest';
import { Meeting } from '../Meeting.ts';
import type { MeetingOptions } from '../options.ts';
import { FakePeerConnection, FakeSocket, FakeStorage, stubBrowser } from './fakes.ts';

export const ADA = {
  id: 'par_ada',
  displayName: 'Ada',
  role: 'participant',
  hand: false,
  joinedAt: '2026-01-01T00:00:02Z',
};
export const BOB = {
  ...ADA,
  id: 'par_bob',
  displayName: 'Bob',
  joinedAt: '2026-01-01T00:00:01Z',
  tracks: [
    { id: 'trk_bc', source: 'camera', kind: 'video', muted: false },
    { id: 'trk_bm', source: 'microphone', kind: 'audio', muted: false },
  ],
};
export const MICROPHONE = { id: 'trk_am', source: 'microphone', kind: 'audio', muted: false, mid: '0' };

export const track = (kind: string) => ({ kind, contentHint: '' }) as MediaStreamTrack;

export let page: ReturnType<typeof stubBrowser>;
export let sockets: FakeSocket[];
export let connections: FakePeerConnection[];
export let requests: Record<string, unknown>[];
/** Calls with another method than GET and POST. */
export let others: { readonly url: string; readonly init: RequestInit }[];
export let answers: (() => Response)[];
export let storage: FakeStorage;
export let meeting: Meeting;

export const grant = (node = 'http://node1') =>
  new Response(
    JSON.stringify({
      participant: ADA,
      meeting: { id: 'mtg_1', code: 'abc-defg-hij', title: 'Tea' },
      node: { id: 'node_1', url: node, region: 'local' },
      token: 'jwt',
      resumeToken: 'resume',
      iceServers: [],
    }),
    { status: 201 },
  );

export const problem = (status: number, code: string) => new Response(JSON.stringify({ code }), { status });

export const joined = (number: number, fields: object = {}) => ({
  type: 'joined',
  number,
  participant: { id: ADA.id, displayName: 'Ada', role: 'participant' },
  meeting: { id: 'mtg_1' },
  resumeSecret: 'secret',
  resumed: false,
  answer: 'answer',
  roster: { version: 1, participants: [{ ...ADA, tracks: [MICROPHONE] }, BOB] },
  slots: [
    { slot: '4', kind: 'audio', track: null },
    { slot: '8', kind: 'video', track: 'trk_bc' },
  ],
  messages: [],
  ...fields,
});

function existing<T>(one: T | undefined): T {
  if (one === undefined) throw new Error('nothing was opened yet');
  return one;
}

/** Lets everything that is ready happen; nothing here waits for real time. */
export const settle = () => vi.advanceTimersByTimeAsync(0);
export const socket = (index = sockets.length - 1) => existing(sockets.at(index));
export const state = () => meeting.state.kind;
export const idsOf = (type: string) =>
  socket()
    .sentOf(type)
    .map((message) => (message as { id?: number }).id);

function newMeeting(options: Pick<MeetingOptions, 'adapts'> = {}): Meeting {
  return new Meeting({
    ...options,
    apiUrl: '/v1',
    storage: storage as unknown as Storage,
    environment: {
      fetch: (url, init = {}) => {
        if (init.method === 'DELETE') {
          others.push({ url: url as string, init });
          return Promise.resolve(new Response(null, { status: 204 }));
        }
        requests.push(JSON.parse((init.body as string | null) ?? '{}') as Record<string, unknown>);
        return Promise.resolve((answers.shift() ?? grant)());
      },
      openSocket: (url) => {
        sockets.push(new FakeSocket(url));
        return socket() as unknown as WebSocket;
      },
      watch: () => ({ close: () => undefined }),
      createPeerConnection: () => {
        connections.push(new FakePeerConnection());
        return connections.at(-1) as unknown as RTCPeerConnection;
      },
    },
  });
}

export async function join(): Promise<void> {
  const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada', microphone: track('audio') });
  await settle();
  socket().open();
  socket().say(joined(1));
  await done;
  existing(connections.at(-1)).become('connected');
}

/** The network took the socket; the next one is open, and the node has not answered yet. */
export async function reopen(): Promise<void> {
  socket().die();
  await vi.advanceTimersByTimeAsync(1_000);
  socket().open();
}

/** The node does not know the session any more: the API is asked for another one. */
export async function forgetSession(number: number): Promise<void> {
  socket().say({ type: 'error', number, code: 'resume_failed', message: 'unknown session' });
  socket().die(4404);
  await vi.advanceTimersByTimeAsync(1_000);
}

/** Back in the meeting, in the same session or, as that is gone, in another one. */
export async function comeBack(number: number, resumed: boolean, fields: object = {}): Promise<void> {
  if (resumed) await reopen();
  else {
    await forgetSession(number);
    socket().open();
  }
  socket().say(joined(resumed ? number : 1, { resumed, ...fields }));
  await settle();
}

/** What has changed in the roster, in the node's message of this number. */
export function tellChanges(number: number, ...changes: object[]): Promise<unknown> {
  socket().say({ type: 'roster', number, version: number, changes });
  return settle();
}

/** What the API answers next, one after the other. */
export function answerWith(...next: (() => Response)[]): void {
  answers = next;
}

/** Another meeting in the place of the one that the test began with. */
export function beginAnew(options?: Pick<MeetingOptions, 'adapts'>): void {
  meeting = newMeeting(options);
}

/** The tab is there again, with nothing of the page before but what it kept. */
export function reload(): void {
  page = stubBrowser();
  beginAnew();
}

/** Each test of a file begins with a meeting that nobody is in. */
export function stubMeeting(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    page = stubBrowser();
    sockets = [];
    connections = [];
    requests = [];
    others = [];
    answers = [];
    storage = new FakeStorage();
    meeting = newMeeting();
    return async () => {
      await meeting.leave();
      vi.useRealTimers();
      vi.unstubAllGlobals();
    };
  });
}
