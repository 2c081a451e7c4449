/**
 * A stand-in for API and media node, so that the SDK meets real sockets and real media in real browsers even where
 * no packet plane is built. Signaling as in docs/signaling.md; the media passes through a page (pages/node.ts).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { WebSocketServer, type WebSocket } from 'ws';
import type {} from '../pages/node.ts';
import type { ClientMessage, RosterTrack } from '../../src/protocol/index.ts';

interface Session {
  readonly id: string;
  readonly name: string;
  readonly joinedAt: string;
  readonly audioSlots: string[];
  /** Slot → track that it carries. */
  readonly videoSlots: Map<string, string | null>;
  tracks: RosterTrack[];
  assigned: boolean;
  socket: WebSocket | null;
  history: { number: number; text: string }[];
}

export interface StandIn {
  readonly apiUrl: string;
  readonly code: string;
  /** Forgets a session, as a restarted node would. */
  forget(participant: string): Promise<void>;
  end(): void;
  close(): Promise<void>;
}

export async function startStandIn(browser: Browser, nodePageUrl: string): Promise<StandIn> {
  const page = await browser.newPage();
  await page.goto(nodePageUrl);
  await page.waitForFunction(() => 'node' in window);
  const node = new StandInNode(page);
  const http = createServer((request, response) => {
    node.handleRequest(request, response, `http://127.0.0.1:${String(portOf(http))}`);
  });
  const sockets = new WebSocketServer({ server: http, path: '/signal', handleProtocols: () => 'parley.v1' });
  sockets.on('connection', (socket) => {
    node.handleSocket(socket);
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  return {
    apiUrl: `http://127.0.0.1:${String(portOf(http))}`,
    code: 'abc-defg-hij',
    forget: (participant) => node.forget(participant),
    end: () => {
      node.end();
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      await node.idle();
      await new Promise((resolve) => http.close(resolve));
      await page.close();
    },
  };
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the stand-in does not listen');
  return address.port;
}

class StandInNode {
  readonly #page: Page;
  readonly #sessions = new Map<string, Session>();
  readonly #queues = new Map<WebSocket, Promise<void>>();
  #participants = 0;
  #tracks = 0;
  #ended = false;

  constructor(page: Page) {
    this.#page = page;
  }

  handleRequest(request: IncomingMessage, response: ServerResponse, nodeUrl: string): void {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const [status, body] = this.#answerRequest(request, text, nodeUrl);
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  }

  #answerRequest(request: IncomingMessage, text: string, nodeUrl: string): [number, object] {
    const meeting = { id: 'mtg_1', code: 'abc-defg-hij', title: 'Stand-in' };
    if (!request.url?.startsWith('/v1/meetings/abc-defg-hij')) return [404, { code: 'meeting_not_found' }];
    if (this.#ended) return [410, { code: 'meeting_ended' }];
    if (request.method === 'GET') return [200, { ...meeting, state: 'active' }];
    const body = JSON.parse(text) as { displayName: string; resumeToken?: string };
    const id = body.resumeToken ?? `par_${String((this.#participants += 1))}`;
    return [
      201,
      {
        participant: { id, role: 'participant', displayName: body.displayName },
        meeting,
        node: { id: 'node_1', url: nodeUrl, region: 'local' },
        token: JSON.stringify([id, body.displayName]),
        resumeToken: id,
        iceServers: [],
      },
    ];
  }

  /** Everything that was said is dealt with: the page may be closed. */
  async idle(): Promise<void> {
    await Promise.all(this.#queues.values());
  }

  handleSocket(socket: WebSocket): void {
    let session: Session | null = null;
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ClientMessage;
      // One after another, as messages of one socket are.
      const queue = (this.#queues.get(socket) ?? Promise.resolve()).then(async () => {
        if (message.type === 'join') session = await this.#join(socket, message);
        else if (session !== null) await this.#handle(session, message);
      });
      this.#queues.set(socket, queue);
    });
    socket.on('close', () => {
      if (session?.socket === socket) session.socket = null;
    });
  }

  async forget(participant: string): Promise<void> {
    const session = this.#sessions.get(participant);
    session?.socket?.terminate();
    this.#sessions.delete(participant);
    await this.#closeMedia(participant);
  }

  end(): void {
    this.#ended = true;
    for (const session of this.#sessions.values()) {
      this.#say(session, { type: 'removed', reason: 'ended' });
      session.socket?.close(1000);
    }
    this.#sessions.clear();
  }

  async #join(socket: WebSocket, join: Extract<ClientMessage, { type: 'join' }>): Promise<Session | null> {
    const [id, name] = JSON.parse(join.token) as [string, string];
    const known = this.#sessions.get(id);
    if (join.resume !== undefined) {
      if (known === undefined || join.resume.secret !== secretOf(id)) {
        socket.send(
          JSON.stringify({ type: 'error', number: 1, code: 'resume_failed', message: 'no such session' }),
        );
        socket.close(4404);
        return null;
      }
      known.socket = socket;
      for (const { number, text } of known.history) if (number > join.resume.lastMessage) socket.send(text);
      await this.#welcome(known, true, join.offer);
      return known;
    }
    if (known !== undefined) await this.#leave(known, 'replaced');
    const session = newSession(id, name, socket, join.offer ?? '');
    for (const { mid, source, muted } of join.tracks ?? []) {
      session.tracks.push(this.#newTrack(mid, source, muted));
    }
    this.#sessions.set(id, session);
    await this.#welcome(session, false, join.offer);
    this.#tellOthers(session, { op: 'participantJoined', participant: participantOf(session, false) });
    await this.#fillSlots();
    return session;
  }

  async #welcome(session: Session, resumed: boolean, offer?: string): Promise<void> {
    const answer = offer === undefined ? undefined : await this.#answer(session.id, offer);
    this.#say(session, {
      type: 'joined',
      participant: { id: session.id, displayName: session.name, role: 'participant' },
      meeting: { id: 'mtg_1' },
      resumeSecret: secretOf(session.id),
      resumed,
      answer,
      roster: {
        version: 1,
        participants: [...this.#sessions.values()].map((other) => participantOf(other, other === session)),
      },
      slots: [
        ...session.audioSlots.map((slot) => ({ slot, kind: 'audio', track: null })),
        ...[...session.videoSlots].map(([slot, track]) => ({ slot, kind: 'video', track })),
      ],
      messages: [],
    });
  }

  async #handle(session: Session, message: ClientMessage): Promise<void> {
    switch (message.type) {
      case 'offer':
        this.#say(session, {
          type: 'answer',
          id: message.id,
          sdp: await this.#answer(session.id, message.sdp),
        });
        break;
      case 'publish': {
        const track = this.#newTrack(message.mid, message.source, message.muted ?? false);
        session.tracks.push(track);
        this.#tellAll({ op: 'trackPublished', participant: session.id, track });
        await this.#fillSlots();
        break;
      }
      case 'unpublish':
        session.tracks = session.tracks.filter(({ id }) => id !== message.track);
        this.#tellAll({ op: 'trackUnpublished', participant: session.id, track: message.track });
        break;
      case 'mute':
        session.tracks = session.tracks.map((track) =>
          track.id === message.track ? { ...track, muted: message.muted } : track,
        );
        this.#tellAll({
          op: 'trackMuted',
          participant: session.id,
          track: message.track,
          muted: message.muted,
        });
        break;
      case 'assign':
        session.assigned = true;
        await this.#assign(session, message.slot, message.track);
        break;
      case 'message':
        for (const other of this.#sessions.values()) {
          const line = { from: session.id, displayName: session.name, text: message.text };
          this.#say(other, { type: 'message', id: `msg_${message.text}`, at: session.joinedAt, ...line });
        }
        break;
      case 'stats':
        this.#say(session, {
          type: 'quality',
          uplink: { packetsLost: 0, packetsReceived: 1 },
          verdict: 'good',
        });
        break;
      case 'leave':
        await this.#leave(session, 'left');
        break;
      default:
        break;
    }
  }

  async #leave(session: Session, reason: string): Promise<void> {
    this.#sessions.delete(session.id);
    if (reason === 'replaced') this.#say(session, { type: 'removed', reason });
    session.socket?.close(1000);
    await this.#closeMedia(session.id);
    this.#tellOthers(session, { op: 'participantLeft', participant: session.id, reason });
  }

  /** Microphones into audio slots, and cameras into video slots for those who assigned nothing yet. */
  async #fillSlots(): Promise<void> {
    for (const session of this.#sessions.values()) {
      const others = [...this.#sessions.values()].filter((other) => other !== session);
      const heard = others.flatMap((other) => other.tracks.filter(({ source }) => source === 'microphone'));
      for (const [index, slot] of session.audioSlots.entries()) {
        await this.#connect(session, slot, heard[index]?.id ?? null);
      }
      if (session.assigned) continue;
      const seen = others.flatMap((other) => other.tracks.filter(({ kind }) => kind === 'video'));
      for (const [index, slot] of [...session.videoSlots.keys()].entries()) {
        await this.#assign(session, slot, seen[index]?.id ?? null);
      }
    }
  }

  async #assign(session: Session, slot: string, track: string | null): Promise<void> {
    if (session.videoSlots.get(slot) === track) return;
    session.videoSlots.set(slot, track);
    await this.#connect(session, slot, track);
    this.#say(session, { type: 'slots', slots: [{ slot, track }] });
  }

  async #connect(session: Session, slot: string, track: string | null): Promise<void> {
    const owner = [...this.#sessions.values()].find(({ tracks }) => tracks.some(({ id }) => id === track));
    const mid = owner?.tracks.find(({ id }) => id === track)?.mid;
    const from = owner === undefined || mid === undefined ? null : { session: owner.id, mid };
    await this.#page.evaluate(([id, at, source]) => window.node.assign(id, at, source), [
      session.id,
      slot,
      from,
    ] as const);
  }

  #answer(session: string, offer: string): Promise<string> {
    return this.#page.evaluate(([id, sdp]) => window.node.answer(id, sdp), [session, offer] as const);
  }

  async #closeMedia(session: string): Promise<void> {
    await this.#page.evaluate((id) => {
      window.node.close(id);
    }, session);
  }

  #newTrack(mid: string, source: RosterTrack['source'], muted: boolean): RosterTrack {
    const kind = source === 'microphone' || source === 'screen_audio' ? 'audio' : 'video';
    return { id: `trk_${String((this.#tracks += 1))}`, source, kind, muted, mid };
  }

  #tellAll(change: object): void {
    for (const session of this.#sessions.values())
      this.#say(session, { type: 'roster', version: 1, changes: [change] });
  }

  #tellOthers(session: Session, change: object): void {
    for (const other of this.#sessions.values()) {
      if (other !== session) this.#say(other, { type: 'roster', version: 1, changes: [change] });
    }
  }

  #say(session: Session, message: object): void {
    const number = (session.history.at(-1)?.number ?? 0) + 1;
    const text = JSON.stringify({ ...message, number });
    session.history.push({ number, text });
    session.socket?.send(text);
  }
}

function newSession(id: string, name: string, socket: WebSocket, offer: string): Session {
  const mids = [...offer.matchAll(/^m=(audio|video)[\s\S]*?^a=mid:(\S+)[\s\S]*?^a=(sendonly|recvonly)/gm)];
  const slots = (kind: string): string[] =>
    mids.flatMap(([, lineKind, mid, direction]) =>
      lineKind === kind && direction === 'recvonly' && mid !== undefined ? [mid] : [],
    );
  return {
    id,
    name,
    joinedAt: new Date().toISOString(),
    audioSlots: slots('audio'),
    videoSlots: new Map(slots('video').map((slot) => [slot, null])),
    tracks: [],
    assigned: false,
    socket,
    history: [],
  };
}

function participantOf(session: Session, isReceiver: boolean): object {
  return {
    id: session.id,
    displayName: session.name,
    role: 'participant',
    hand: false,
    joinedAt: session.joinedAt,
    tracks: session.tracks.map(({ mid, ...track }) => (isReceiver ? { ...track, mid } : track)),
  };
}

function secretOf(id: string): string {
  return `secret of ${id}`;
}
