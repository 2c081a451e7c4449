/** Region: the test of one region, step by step. What cannot be reached is a finding, never an error. */
import type { TestLimits } from '../../protocol/index.ts';
import { TestPath, type CreatePeerConnection, type Over } from '../../rtc/index.ts';
import { linkOf, type Sample } from './measure.ts';
import { TestSocket, TestSocketError, type OpenSocket } from './TestSocket.ts';
import type { Reach, RegionReport } from './types.ts';

export interface RegionGrant {
  readonly region: string;
  readonly home: boolean;
  readonly node: { readonly url: string } | null;
  readonly token: string | null;
}

/** The browser, as far as tests replace it. */
export interface TestEnvironment {
  readonly openSocket?: OpenSocket;
  readonly createPeerConnection?: CreatePeerConnection;
  readonly wait?: (ms: number) => Promise<void>;
  readonly now?: () => number;
}

const PINGS = 5;
/** ICE and DTLS on a bad mobile network take 3 s; UDP that is dropped shows as silence. */
const CONNECT_MS = 6_000;
/** Nobody is told that a network blocks something because of one try that failed at once. */
const TRIES = 2;
/** A node looks at its counters once a second. */
const SAMPLE_MS = 500;

export class Region {
  report: RegionReport;
  readonly #grant: RegionGrant;
  readonly #picture: MediaStreamTrack | null;
  readonly #environment: TestEnvironment;
  readonly #onChange: () => void;
  #socket: TestSocket | null = null;
  #limits: TestLimits | null = null;
  #path: TestPath | null = null;
  #isClosed = false;

  constructor(
    grant: RegionGrant,
    picture: MediaStreamTrack | null,
    environment: TestEnvironment,
    onChange: () => void,
  ) {
    this.#grant = grant;
    this.#picture = picture;
    this.#environment = environment;
    this.#onChange = onChange;
    this.report = {
      region: grant.region,
      isHome: grant.home,
      socket: 'untested',
      rttMs: null,
      udp: 'untested',
      tcp: 'untested',
      link: null,
      isAway: grant.node === null || grant.token === null,
    };
  }

  /** Opens the socket and measures its round trip. */
  async reach(): Promise<void> {
    const { node, token } = this.#grant;
    if (node === null || token === null) return;
    this.#update({ socket: 'testing' });
    await this.#attempt(async () => {
      const socket = (this.#socket = await TestSocket.open(node.url, this.#environment.openSocket));
      const { limits } = await socket.ask({ type: 'test', token }, 'ready');
      this.#limits = limits;
      this.#update({ socket: 'works', rttMs: await this.#roundTrip(socket) });
    });
    if (this.report.socket === 'testing') this.#update({ socket: 'blocked' });
  }

  /** Whether the node's ports can be reached. */
  async tryPaths(): Promise<void> {
    for (const over of ['udp', 'tcp'] as const) await this.#try(over);
  }

  /** Measures over UDP, or over TCP where that does not come through; then looks at the other one as well. */
  async measure(durationMs: number, onProgress: (done: number) => void): Promise<void> {
    for (const over of ['udp', 'tcp'] as const) {
      const isUp = await this.#connect(over);
      if (isUp && this.report.link === null) await this.#sample(over, durationMs, onProgress);
      this.#disconnect();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#disconnect();
    this.#socket?.close();
  }

  async #roundTrip(socket: TestSocket): Promise<number> {
    const times: number[] = [];
    for (let id = 0; id < PINGS; id += 1) {
      const began = this.#now();
      await socket.ask({ type: 'ping', id }, 'pong');
      times.push(this.#now() - began);
    }
    return Math.min(...times);
  }

  async #try(over: Over): Promise<void> {
    await this.#connect(over);
    this.#disconnect();
  }

  async #connect(over: Over): Promise<boolean> {
    const [socket, picture, limits] = [this.#socket, this.#picture, this.#limits];
    if (socket === null || picture === null || limits === null) return false;
    this.#update({ [over]: 'testing' });
    // What the socket could not ask is not known to be blocked.
    let found = 'untested' as Reach;
    const began = this.#now();
    // What was waited for in vain is blocked; what failed at once may have been a moment's trouble.
    for (let tries = 0; tries < TRIES && this.#now() - began < CONNECT_MS; tries += 1) {
      this.#disconnect();
      await this.#attempt(async () => {
        const path = new TestPath(over, picture, limits.bps, this.#environment.createPeerConnection);
        this.#path = path;
        const { sdp } = await socket.ask({ type: 'path', sdp: await path.createOffer() }, 'answer');
        found = (await path.connect(sdp, CONNECT_MS)) ? 'works' : 'blocked';
      });
      if (found === 'works') break;
    }
    this.#update({ [over]: found });
    return found === 'works';
  }

  async #sample(over: Over, durationMs: number, onProgress: (done: number) => void): Promise<void> {
    const [socket, path, limits] = [this.#socket, this.#path, this.#limits];
    if (socket === null || path === null || limits === null) return;
    const samples: Sample[] = [];
    const began = this.#now();
    await this.#attempt(async () => {
      while (this.#now() - began < durationMs) {
        await this.#wait(SAMPLE_MS);
        const [own, node] = await Promise.all([path.sample(), socket.ask({ type: 'measure' }, 'measured')]);
        const atMs = this.#now() - began;
        samples.push({ atMs, own, node });
        this.#update({ link: linkOf(over, samples, limits.bps) });
        onProgress(Math.min(1, atMs / durationMs));
      }
    });
  }

  /** A node or a network that breaks off leaves what is known as it is. */
  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      const isExpected = error instanceof TestSocketError || error instanceof DOMException;
      if (!isExpected && !this.#isClosed) throw error;
    }
  }

  #disconnect(): void {
    this.#path?.close();
    this.#path = null;
  }

  #update(change: Partial<RegionReport> | Record<Over, Reach>): void {
    if (this.#isClosed) return;
    this.report = { ...this.report, ...change };
    this.#onChange();
  }

  #now(): number {
    return (this.#environment.now ?? (() => performance.now()))();
  }

  #wait(ms: number): Promise<void> {
    const wait = this.#environment.wait ?? ((time) => new Promise((resolve) => setTimeout(resolve, time)));
    return wait(ms);
  }
}
