/** A node that says one thing wrong: a newer one, or one that is broken. The meeting goes on. */
import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parseNodeMessage } from '../protocol/index.ts';
import { Meeting } from './Meeting.ts';
import { FakePeerConnection, FakeSocket, FakeStorage, stubBrowser } from './testing/fakes.ts';

const EXAMPLES = new URL('../../../protocol/examples/node/', import.meta.url);
const example = (name: string): object => JSON.parse(readFileSync(new URL(name, EXAMPLES), 'utf8')) as object;
const SAID = readdirSync(EXAMPLES)
  .filter((name) => name.endsWith('.json'))
  .map(example);
const JOINED = example('joined.json') as { readonly participant: { readonly id: string } };

/** Keeps what it said, and says again what a client that comes back has missed, as a node does. */
class ScriptedNode {
  said: string[] = [];
  sockets = 0;
  socket: FakeSocket | null = null;
  /** Makes something else of its next `joined`. */
  mangle: ((text: string) => string) | null = null;

  tell(message: object): void {
    this.say(JSON.stringify({ ...message, number: this.said.length + 1 }));
  }

  say(text: string): void {
    this.said.push(text);
    this.socket?.onmessage?.({ data: text });
  }

  accept(socket: FakeSocket): WebSocket {
    this.sockets += 1;
    this.socket = socket;
    const { send } = socket;
    socket.send = (text) => {
      send.call(socket, text);
      if (socket === this.socket) this.#handle(socket.sent.at(-1) ?? {});
    };
    setTimeout(() => {
      if (socket.readyState === 0) socket.open();
    });
    return socket as unknown as WebSocket;
  }

  #handle({ type, id, resume }: Record<string, unknown>): void {
    if (type === 'stats') this.tell(example('quality.json'));
    if (type === 'offer') this.tell({ type: 'answer', id, sdp: 'answer' });
    if (type !== 'join') return;
    const { lastMessage = 0 } = (resume ?? {}) as { readonly lastMessage?: number };
    if (lastMessage > this.said.length) {
      this.socket?.die(4404, 'no such session');
      return;
    }
    if (resume === undefined) this.said = [];
    for (const text of this.said.slice(lastMessage)) this.socket?.onmessage?.({ data: text });
    const joined = { ...JOINED, number: this.said.length + 1, resumed: resume !== undefined };
    const text = JSON.stringify({ ...joined, answer: 'answer' });
    const mangle = this.mangle ?? ((whole: string) => whole);
    this.mangle = null;
    this.say(mangle(text));
  }
}

class Peer extends FakePeerConnection {
  override async setRemoteDescription(description: { sdp: string }): Promise<void> {
    await super.setRemoteDescription(description);
    setTimeout(() => {
      if (this.signalingState !== 'closed') this.become('connected');
    });
  }
}

/** Where in a message something is changed, and into what: undefined takes it out. */
interface Mutation {
  readonly at: number;
  readonly into: unknown;
}

const mutation = fc.record({
  at: fc.nat(),
  into: fc.oneof(
    fc.constantFrom(undefined, null, -1, 0, 1, 1_000_000, true, '', 'unheard of', 'broken', [], {}),
    fc.constantFrom('removed', 'joined', 'answer', 'error', 'resume_failed', 'trackPublished'),
    fc.jsonValue({ maxDepth: 1 }),
  ),
});

function mutate(text: string, { at, into }: Mutation): string {
  const places: (() => void)[] = [];
  const whole = JSON.parse(text) as Record<string, unknown>;
  const visit = (holder: Record<string, unknown>): void => {
    for (const key of Object.keys(holder)) {
      places.push(() => (holder[key] = into));
      const value = holder[key];
      if (typeof value === 'object' && value !== null) visit(value as Record<string, unknown>);
    }
  };
  visit(whole);
  places[at % places.length]?.();
  return JSON.stringify(whole);
}

/** Such a word ends a meeting by right. */
function isEnd(text: string): boolean {
  const parsed = parseNodeMessage(text);
  return parsed.outcome === 'message' && parsed.message.type === 'removed' && parsed.unread === undefined;
}

let node: ScriptedNode;
let meeting: Meeting;
let requests: number;

async function join(): Promise<void> {
  const grant = {
    participant: JOINED.participant,
    meeting: { id: 'mtg_1', code: 'abc-defg-hij', title: null },
    node: { id: 'node_1', url: 'http://node1', region: 'local' },
    token: 'jwt',
    resumeToken: 'resume',
    iceServers: [],
  };
  requests = 0;
  node = new ScriptedNode();
  meeting = new Meeting({
    apiUrl: '/v1',
    storage: new FakeStorage() as unknown as Storage,
    environment: {
      fetch: () => {
        requests += 1;
        return Promise.resolve(new Response(JSON.stringify(grant), { status: 201 }));
      },
      openSocket: (url) => node.accept(new FakeSocket(url)),
      watch: () => ({ close: () => undefined }),
      createPeerConnection: () => new Peer() as unknown as RTCPeerConnection,
    },
  });
  const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
  await vi.advanceTimersByTimeAsync(1);
  await done;
}

/** That it goes on: it is connected, and hears what is said. */
async function expectToHear(): Promise<void> {
  // What shows that something is missing, then time to come back, at worst with a session of its own.
  node.tell(example('reaction.json'));
  await vi.advanceTimersByTimeAsync(20_000);
  const heard: string[] = [];
  meeting.on('reaction', ({ reaction }) => heard.push(reaction));
  node.tell(example('reaction.json'));
  await vi.advanceTimersByTimeAsync(1);
  expect(meeting.state.kind).toBe('connected');
  expect(heard).toHaveLength(1);
  await meeting.leave();
}

beforeEach(() => {
  vi.useFakeTimers();
  stubBrowser();
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

describe('a node that says one thing wrong', () => {
  it('does not end the meeting, whatever of whatever message is wrong', { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SAID), mutation, async (message, change) => {
        await join();
        const text = mutate(JSON.stringify({ ...message, number: node.said.length + 1 }), change);
        if (!isEnd(text)) {
          node.say(text);
          await expectToHear();
        }
        await meeting.leave();
      }),
      { numRuns: 40 },
    );
  });

  it('does not end it by the word with which one comes back either', { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(mutation, async (change) => {
        await join();
        node.mangle = (text) => mutate(text, change);
        node.socket?.die();
        await vi.advanceTimersByTimeAsync(5_000);
        await expectToHear();
      }),
      { numRuns: 30 },
    );
  });

  it.each(['nonsense', '', '[]', 'null', '{"type":"speakers"}'])('goes on behind %j', async (text) => {
    await join();
    node.say(text);
    await expectToHear();
    expect([node.sockets, requests]).toEqual([1, 1]);
  });

  it('goes on behind messages that are malformed, on the same socket, and counts them', async () => {
    await join();
    for (let times = 0; times < 3; times += 1) node.tell({ type: 'speakers', speakers: 'nonsense' });
    node.tell({ type: 'moonlight' });
    await expectToHear();
    expect([node.sockets, requests]).toEqual([1, 1]);
    expect(meeting.getSnapshot().unread).toEqual({
      'message.speakers must be a list': 3,
      'messages of the type moonlight are not known': 1,
    });
  });

  it('begins a new session where each resume brings the same nonsense', async () => {
    await join();
    node.mangle = (text) => text.replace('"slots"', '"holes"');
    node.socket?.die();
    await vi.advanceTimersByTimeAsync(5_000);
    await expectToHear();
    expect(requests).toBe(2);
    expect(node.sockets).toBeLessThan(6);
  });
});
