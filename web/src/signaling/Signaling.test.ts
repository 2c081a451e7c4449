import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { backoffDelayMs } from './backoff.ts';
import { Inbox } from './Inbox.ts';
import { ANSWER_TIMEOUT_MS } from './Liveness.ts';
import { CLOSE_NONSENSE, Signaling, signalUrl, type SignalingEvent } from './Signaling.ts';

class FakeSocket {
  readyState: number = 0;
  readonly sent: Record<string, unknown>[] = [];
  readonly closed: number[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  readonly url: string;
  readonly protocol: string;

  constructor(url: string, protocol: string) {
    this.url = url;
    this.protocol = protocol;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(code: number): void {
    this.readyState = 2;
    this.closed.push(code);
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const joined = (number: number) => ({
  type: 'joined',
  number,
  participant: { id: 'par_1', displayName: 'Ada', role: 'participant' },
  meeting: { id: 'mtg_1' },
  resumeSecret: 'secret',
  resumed: number > 1,
  roster: { version: 1, participants: [] },
  slots: [],
  messages: [],
});
const recording = (number: number) => ({
  type: 'recording',
  number,
  recordingId: 'rec_1',
  state: 'stopped',
  startedAt: '2026-01-01T10:00:00Z',
});

let now = 0;
let sockets: FakeSocket[] = [];
let events: SignalingEvent[] = [];

function signaling(): Signaling {
  return new Signaling({
    onEvent: (event) => events.push(event),
    openSocket: (url, protocol) => {
      const socket = new FakeSocket(url, protocol);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    now: () => now,
  });
}

function joinedSignaling(): { signaling: Signaling; socket: FakeSocket } {
  const subject = signaling();
  subject.join('http://node:9001', { token: 'jwt' });
  const socket = sockets[0]!;
  socket.open();
  socket.say(joined(1));
  return { signaling: subject, socket };
}

const kinds = () => events.map((event) => (event.kind === 'message' ? event.message.type : event.kind));

beforeEach(() => {
  vi.stubGlobal('WebSocket', { CONNECTING: 0, OPEN: 1 });
  vi.useFakeTimers();
  now = 0;
  sockets = [];
  events = [];
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

describe('Signaling', () => {
  it('joins as its first words', () => {
    const { socket } = joinedSignaling();
    expect([socket.url, socket.protocol]).toEqual(['ws://node:9001/signal', 'parley.v1']);
    expect(socket.sent).toEqual([{ type: 'join', token: 'jwt' }]);
    expect(kinds()).toEqual(['joined']);
  });

  it('resumes with the last number and the secret, and drops what it has seen', () => {
    const { signaling: subject, socket } = joinedSignaling();
    socket.say(recording(2));
    socket.onclose?.({ code: 1006, reason: '' });
    subject.resume('http://node:9001', { token: 'jwt' });
    const next = sockets[1]!;
    next.open();
    expect(next.sent).toEqual([{ type: 'join', token: 'jwt', resume: { lastMessage: 2, secret: 'secret' } }]);
    next.say(recording(2));
    next.say(recording(3));
    next.say(joined(4));
    expect(kinds()).toEqual(['joined', 'recording', 'closed', 'recording', 'joined']);
  });

  it('gives up a socket on which a message is missing', () => {
    const { socket } = joinedSignaling();
    socket.say(recording(3));
    expect(kinds()).toEqual(['joined', 'closed']);
    expect(socket.closed).toEqual([CLOSE_NONSENSE]);
  });

  it('gives up a socket that does not answer its question in time', () => {
    const { signaling: subject, socket } = joinedSignaling();
    subject.send({ type: 'stats', report: {} });
    now = ANSWER_TIMEOUT_MS - 1;
    subject.handleTimeout();
    expect(socket.closed).toEqual([]);
    now = ANSWER_TIMEOUT_MS;
    subject.handleTimeout();
    expect(kinds()).toEqual(['joined', 'closed']);
  });

  it('gives up a socket whose join is answered by anything but joined', () => {
    const { signaling: subject, socket } = joinedSignaling();
    socket.onclose?.({ code: 1006, reason: '' });
    subject.resume('http://node:9001', { token: 'jwt' });
    sockets[1]!.open();
    sockets[1]!.say({ ...joined(2), type: 'enjoined' });
    sockets[1]!.say(recording(3));
    now = ANSWER_TIMEOUT_MS;
    subject.handleTimeout();
    expect(kinds().at(-1)).toBe('closed');
  });

  it('takes silence without a question for peace', () => {
    const { signaling: subject, socket } = joinedSignaling();
    now = 10 * ANSWER_TIMEOUT_MS;
    subject.handleTimeout();
    expect(socket.closed).toEqual([]);
  });

  it('gives up a node that does not accept in time', () => {
    signaling().join('http://node:9001', { token: 'jwt' });
    vi.advanceTimersByTime(5_000);
    expect(kinds()).toEqual(['closed']);
  });

  it('does not hear a socket that it gave up', () => {
    const { signaling: subject, socket } = joinedSignaling();
    const { onmessage } = socket;
    subject.handleOffline();
    expect(socket.onmessage).toBeNull();
    expect(onmessage).not.toBeNull();
    expect(kinds()).toEqual(['joined', 'closed']);
  });

  it('counts messages of a type that it does not know', () => {
    const { socket } = joinedSignaling();
    socket.say({ type: 'somethingNew', number: 2 });
    socket.say(recording(3));
    expect(kinds()).toEqual(['joined', 'unread', 'recording']);
  });

  it('skips what it cannot read, and counts it where it has a number', () => {
    const { signaling: subject, socket } = joinedSignaling();
    socket.say({ type: 'speakers', number: 2, speakers: 'nonsense' });
    socket.say(recording(3));
    expect(kinds()).toEqual(['joined', 'unread', 'recording']);
    socket.onclose?.({ code: 1006, reason: '' });
    subject.resume('http://node:9001', { token: 'jwt' });
    sockets[1]!.open();
    expect(sockets[1]!.sent[0]).toMatchObject({ resume: { lastMessage: 3 } });
  });

  it('goes on behind a message that is not even JSON, and misses only what is missing beyond it', () => {
    const { socket } = joinedSignaling();
    socket.onmessage?.({ data: 'nonsense' });
    socket.say(recording(3));
    expect(kinds()).toEqual(['joined', 'unread', 'recording']);
    socket.say(recording(5));
    expect(kinds().at(-1)).toBe('closed');
  });

  it('gives up a socket whose joined cannot be read, or that repeats itself', () => {
    const { signaling: subject, socket } = joinedSignaling();
    socket.say(joined(2));
    socket.say(recording(2));
    expect(socket.closed).toEqual([CLOSE_NONSENSE]);
    subject.resume('http://node:9001', { token: 'jwt' });
    sockets[1]!.open();
    sockets[1]!.say({ ...joined(3), slots: null });
    expect(sockets[1]!.closed).toEqual([CLOSE_NONSENSE]);
  });

  it('says that a message could not be sent', () => {
    const subject = signaling();
    expect(subject.send({ type: 'leave' })).toBe(false);
  });

  it('speaks to the node over TLS when its address does', () => {
    expect(signalUrl('https://node.example/')).toBe('wss://node.example/signal');
  });
});

describe('backoffDelayMs', () => {
  it('starts at once, never shrinks below half of its ceiling and never exceeds 4 s', () => {
    expect(backoffDelayMs(1, 0.9)).toBe(0);
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 50 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const delay = backoffDelayMs(attempt, random);
          expect(delay).toBeGreaterThanOrEqual(125);
          expect(delay).toBeLessThanOrEqual(4_000);
          expect(delay).toBeLessThanOrEqual(250 * 2 ** (attempt - 2));
        },
      ),
    );
  });
});

describe('Inbox', () => {
  it('takes each number once and in order, whatever is repeated', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 })), (numbers) => {
        const inbox = new Inbox();
        const taken = numbers.filter((number) => inbox.handleNumber(number) === 'next');
        expect(taken).toEqual(taken.map((_, index) => index + 1));
        expect(inbox.last).toBe(taken.length);
      }),
    );
  });
});
