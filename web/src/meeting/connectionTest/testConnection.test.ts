import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../testing/fakes.ts';
import { testConnection, type ConnectionTestOptions } from './testConnection.ts';
import type { ConnectionReport } from './types.ts';

const LIMITS = { seconds: 45, bytes: 1_000_000, bps: 3_000_000 };

interface NodeScript {
  /** Round trip of its socket. */
  readonly rttMs?: number;
  readonly refuses?: string;
  readonly isSilent?: boolean;
  readonly opens: readonly ('udp' | 'tcp')[];
}

/** Nodes by the host of their URL, and a clock that only they move. */
class World {
  now = 0;
  readonly sockets: FakeSocket[] = [];
  readonly connections: TestConnection[] = [];
  readonly #due: { readonly at: number; readonly happen: () => void }[] = [];
  readonly #nodes: Readonly<Record<string, NodeScript>>;

  constructor(nodes: Readonly<Record<string, NodeScript>>) {
    this.#nodes = nodes;
  }

  readonly openSocket = (url: string): WebSocket => {
    const socket = new FakeSocket(url);
    const script = this.#nodes[new URL(url).hostname];
    this.sockets.push(socket);
    const { send } = socket;
    socket.send = (text) => {
      send.call(socket, text);
      if (script?.isSilent === true) return;
      this.#later(script?.rttMs ?? 10, () => {
        this.#answer(socket, script, text);
      });
    };
    queueMicrotask(() => {
      if (script === undefined) socket.die();
      else socket.open();
    });
    return socket as unknown as WebSocket;
  };

  /** Whatever is due first comes first, and moves the clock. */
  #later(ms: number, happen: () => void): void {
    this.#due.push({ at: this.now + ms, happen });
    setTimeout(() => {
      this.#due.sort((a, b) => a.at - b.at);
      const next = this.#due.shift();
      this.now = Math.max(this.now, next?.at ?? 0);
      next?.happen();
    });
  }

  #answer(socket: FakeSocket, script: NodeScript | undefined, text: string): void {
    const asked = JSON.parse(text) as { type: string; id?: number };
    if (asked.type === 'test') {
      if (script?.refuses === undefined) socket.say({ type: 'ready', limits: LIMITS });
      else socket.say({ type: 'error', code: script.refuses, message: 'no' });
    } else if (asked.type === 'ping') {
      socket.say({ type: 'pong', id: asked.id });
    } else if (asked.type === 'path') {
      socket.say({ type: 'answer', sdp: ANSWER + `a=opens:${(script?.opens ?? []).join(',')}\r\n` });
    } else {
      const uplink = { packetsReceived: 100, packetsLost: 0, bytesReceived: this.now * 300, jitterMs: 3 };
      socket.say({ type: 'measured', uplink, downlink: { bytesSent: 9, estimateBps: 2_900_000 } });
    }
  }
}

const ANSWER =
  'v=0\r\n' +
  'a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n' +
  'a=candidate:2 1 tcp 1518280447 192.0.2.1 5000 typ host tcptype passive\r\n';

/** Comes up over the protocols that the node's answer says, where a candidate for one is left. */
class TestConnection {
  connectionState = 'new';
  onconnectionstatechange: (() => void) | null = null;
  localDescription = { sdp: 'offer' };
  remote = '';

  addTransceiver(): object {
    return { setCodecPreferences: () => undefined };
  }
  createOffer(): Promise<object> {
    return Promise.resolve({ type: 'offer', sdp: 'offer' });
  }
  setLocalDescription(): Promise<void> {
    return Promise.resolve();
  }
  setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.remote = sdp;
    const open = /a=opens:(.*)\r\n/.exec(sdp)?.[1]?.split(',') ?? [];
    const left = [...sdp.matchAll(/^a=candidate:\S+ 1 (\w+)/gm)].map(([, protocol]) => protocol ?? '');
    this.connectionState = left.some((protocol) => open.includes(protocol)) ? 'connected' : 'failed';
    return Promise.resolve();
  }
  getStats(): Promise<ReadonlyMap<string, unknown>> {
    const pair = { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.021 };
    return Promise.resolve(new Map([['pair', { ...pair, availableOutgoingBitrate: 2_950_000 }]]));
  }
  close(): void {
    this.connectionState = 'closed';
  }
}

function options(
  world: World,
  regions: readonly string[],
  more: Partial<ConnectionTestOptions> = {},
): ConnectionTestOptions {
  const grants = regions.map((region, index) => ({
    region,
    home: index === 0,
    node: region === 'away' ? null : { id: `node_${region}`, url: `http://${region}:1` },
    token: region === 'away' ? null : 'a.b.c',
  }));
  return {
    apiUrl: 'http://api/v1',
    ...more,
    environment: {
      fetch: () => Promise.resolve(Response.json({ regions: grants })),
      openSocket: world.openSocket,
      createPeerConnection: () => {
        const made = new TestConnection();
        world.connections.push(made);
        return made as unknown as RTCPeerConnection;
      },
      startPicture: () => ({ track: {} as MediaStreamTrack, stop: () => undefined }),
      now: () => world.now,
      wait: (ms) => {
        world.now += ms;
        return Promise.resolve();
      },
      ...more.environment,
    },
  };
}

beforeEach(() => {
  vi.stubGlobal('WebSocket', { CONNECTING: 0, OPEN: 1 });
  vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const BOTH = { opens: ['udp', 'tcp'] } as const;

describe('a connection test', () => {
  it('measures the nearest region and looks at the ports of the others', async () => {
    const world = new World({ far: { ...BOTH, rttMs: 90 }, near: { ...BOTH, rttMs: 15 } });
    const report = await testConnection(options(world, ['far', 'near']));
    expect(report).toMatchObject({ stage: 'done', nearest: 'near', progress: 1 });
    expect(report.verdict).toEqual({ grade: 'good', findings: [] });
    const [far, near] = report.regions;
    expect(far).toMatchObject({ socket: 'works', rttMs: 90, udp: 'works', tcp: 'works', link: null });
    expect(near?.link).toMatchObject({
      over: 'udp',
      rttMs: 21,
      up: { isAtLeast: true },
      down: { isAtLeast: true },
    });
  });

  it('tries once more what failed at once', async () => {
    const world = new World({ here: BOTH });
    const { environment, ...others } = options(world, ['here']);
    const createPeerConnection = (): RTCPeerConnection => {
      const made = new TestConnection();
      // The second path is the first one over TCP.
      if (world.connections.push(made) === 2) {
        made.setRemoteDescription = () => {
          made.connectionState = 'failed';
          return Promise.resolve();
        };
      }
      return made as unknown as RTCPeerConnection;
    };
    const report = await testConnection({ ...others, environment: { ...environment, createPeerConnection } });
    expect(report.regions[0]).toMatchObject({ udp: 'works', tcp: 'works' });
    expect(world.connections).toHaveLength(3);
  });

  it('measures over TCP where UDP does not come through, and says so', async () => {
    const world = new World({ here: { opens: ['tcp'] } });
    const report = await testConnection(options(world, ['here']));
    expect(report.regions[0]).toMatchObject({ udp: 'blocked', tcp: 'works', link: { over: 'tcp' } });
    expect(report.verdict).toEqual({ grade: 'fair', findings: ['udp_blocked'] });
  });

  it.each([
    ['nothing but the socket', ['here'], { here: { opens: [] } }, ['media_blocked']],
    ['no socket', ['here'], {}, ['socket_blocked']],
    ['no node', ['away'], {}, ['no_node']],
    ['a node that refuses', ['here'], { here: { ...BOTH, refuses: 'node_full' } }, ['socket_blocked']],
  ] as const)('ends with a finding for %s', async (_, regions, nodes, findings) => {
    const report = await testConnection(options(new World(nodes), regions));
    expect(report.stage).toBe('done');
    expect(report.verdict?.findings).toEqual(findings);
  });

  it('ends at once where the browser has no WebRTC', async () => {
    const report = await testConnection({ apiUrl: '/v1', environment: {} });
    expect(report).toMatchObject({
      stage: 'done',
      verdict: { grade: 'blocked', findings: ['browser_unsupported'] },
    });
  });

  it.each([
    [429, 'too_many_tests'],
    [500, 'api_unreachable'],
  ] as const)('says what an API that answers %i means', async (status, finding) => {
    const fetch = (): Promise<Response> =>
      Promise.resolve(Response.json({ code: 'x' }, { status, headers: { 'Retry-After': '60' } }));
    const report = await testConnection(options(new World({}), [], { environment: { fetch } }));
    expect(report.verdict?.findings).toEqual([finding]);
  });

  it('takes an answer that is none of the contract for no answer', async () => {
    for (const body of [{}, { regions: [{}] }, [], { regions: [{ region: 1 }] }]) {
      const fetch = (): Promise<Response> => Promise.resolve(Response.json(body));
      const report = await testConnection(options(new World({}), [], { environment: { fetch } }));
      expect(report.verdict?.findings).toEqual(['api_unreachable']);
    }
  });

  it('tells of every step, and closes what it opened', async () => {
    const world = new World({ here: BOTH });
    const seen: ConnectionReport[] = [];
    await testConnection(options(world, ['here'], { onReport: (report) => seen.push(report) }));
    expect([...new Set(seen.map(({ stage }) => stage))]).toEqual(['asking', 'reaching', 'measuring', 'done']);
    const progress = seen.map((report) => report.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(world.sockets.map(({ closeCode }) => closeCode)).toEqual([1000]);
    expect(world.connections.map(({ connectionState }) => connectionState)).toEqual(['closed', 'closed']);
  });

  it('ends when its caller wants no more of it', async () => {
    const world = new World({ here: { ...BOTH, isSilent: true } });
    const ending = new AbortController();
    const seen: ConnectionReport[] = [];
    const test = testConnection(
      options(world, ['here'], { signal: ending.signal, onReport: (report) => seen.push(report) }),
    );
    await vi.waitFor(() => {
      expect(world.sockets[0]?.sentOf('test')).toHaveLength(1);
    });
    const before = seen.length;
    ending.abort();
    await expect(test).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen).toHaveLength(before);
    expect(world.sockets[0]?.closeCode).toBe(1000);
  });
});
