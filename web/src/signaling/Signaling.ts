/**
 * Signaling: one participant session's conversation with its node, over as many WebSockets as it takes.
 *
 * Owns the socket of the moment, the last number and the resume secret. It never decides when to come back: it says
 * that the socket closed, and whoever owns the meeting asks for the next one. Source: docs/signaling.md.
 */
import {
  SUBPROTOCOL,
  formatClientMessage,
  parseNodeMessage,
  type ClientMessage,
  type NodeMessage,
  type Parsed,
} from '../protocol/index.ts';
import { Inbox } from './Inbox.ts';
import { Liveness } from './Liveness.ts';

export type SignalingEvent =
  | { readonly kind: 'message'; readonly message: NodeMessage }
  /** A message, or part of one, was skipped; the reason holds no value of it. */
  | { readonly kind: 'unread'; readonly reason: string }
  /** `code` is the close code of RFC 6455, or of docs/signaling.md from 4400 on. */
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string };

/** What is used of a browser's WebSocket, so that tests bring their own. */
export type SocketFactory = (url: string, protocol: string) => WebSocket;

export interface SignalingOptions {
  readonly onEvent: (event: SignalingEvent) => void;
  readonly openSocket?: SocketFactory;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

type JoinFields = Omit<Extract<ClientMessage, { type: 'join' }>, 'type' | 'resume'>;

/** A node that does not accept within this time is as good as down; a TCP handshake alone may take minutes. */
const OPEN_TIMEOUT_MS = 5_000;
/** Close codes below 3000 are not ours to send (RFC 6455, section 7.4.2). */
const CLOSE_NORMAL = 1000;
const CLOSE_LOST = 3001;
const CLOSE_ABNORMAL = 1006;
/** What the node said cannot be gone on with. */
export const CLOSE_NONSENSE = 3002;

export class Signaling {
  readonly #onEvent: (event: SignalingEvent) => void;
  readonly #openSocket: SocketFactory;
  readonly #now: () => number;
  readonly #inbox = new Inbox();
  #liveness = new Liveness();
  #socket: WebSocket | null = null;
  /** Whether the socket of now has brought its `joined`: nothing is repeated from then on. */
  #isJoined = false;
  #resumeSecret: string | null = null;

  constructor(options: SignalingOptions) {
    this.#onEvent = options.onEvent;
    this.#openSocket = options.openSocket ?? ((url, protocol) => new WebSocket(url, protocol));
    this.#now = options.now ?? (() => performance.now());
  }

  get canResume(): boolean {
    return this.#resumeSecret !== null;
  }

  /** Opens a socket and joins a new session; an older socket is given up. */
  join(nodeUrl: string, fields: JoinFields): void {
    this.#inbox.reset();
    this.#resumeSecret = null;
    this.#open(nodeUrl, { type: 'join', ...fields });
  }

  /** Opens a socket and continues the session where it broke. */
  resume(nodeUrl: string, fields: JoinFields): void {
    if (this.#resumeSecret === null) throw new Error('resume() before the session was joined');
    const resume = { lastMessage: this.#inbox.last, secret: this.#resumeSecret };
    this.#open(nodeUrl, { type: 'join', ...fields, resume });
  }

  /** Returns false when no socket is open: the caller's state is sent again after a resume. */
  send(message: ClientMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(formatClientMessage(message));
    if (message.type === 'stats') this.#liveness.handleSent(this.#now());
    return true;
  }

  /** Call every second or so; ends a socket whose other end no longer answers. */
  handleTimeout(): void {
    if (this.#liveness.isDead(this.#now())) this.#giveUp('the node no longer answers');
  }

  /** The network went away: do not wait for the answer that cannot come. */
  handleOffline(): void {
    this.#giveUp('the browser is offline');
  }

  /** The machine has another address: what was opened from the one before is dead. */
  handleAddressGone(): void {
    this.#giveUp('the address is gone');
  }

  close(): void {
    this.#resumeSecret = null;
    this.#detach()?.close(CLOSE_NORMAL);
  }

  #open(nodeUrl: string, join: ClientMessage): void {
    this.#detach()?.close(CLOSE_LOST);
    this.#liveness = new Liveness();
    this.#inbox.handleSocket();
    this.#isJoined = false;
    const socket = this.#openSocket(signalUrl(nodeUrl), SUBPROTOCOL);
    this.#socket = socket;
    const timer = setTimeout(() => {
      if (this.#socket === socket && socket.readyState === WebSocket.CONNECTING) {
        this.#giveUp('the node did not accept the connection');
      }
    }, OPEN_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(timer);
      // The join counts as a question too: a socket that opens but never answers is dead.
      this.#liveness.handleSent(this.#now());
      socket.send(formatClientMessage(join));
    };
    socket.onmessage = (event) => {
      this.#handleFrame(event.data);
    };
    socket.onclose = (event) => {
      clearTimeout(timer);
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#onEvent({ kind: 'closed', code: event.code, reason: event.reason });
    };
  }

  /** What cannot be read is skipped: a resume would only bring it again. */
  #handleFrame(data: unknown): void {
    const parsed = parseNodeMessage(typeof data === 'string' ? data : '');
    for (const reason of unreadOf(parsed)) this.#onEvent({ kind: 'unread', reason });
    if (parsed.outcome === 'malformed' && parsed.type === 'joined') {
      this.#giveUp(`the node sent a malformed message: ${parsed.reason}`, CLOSE_NONSENSE);
      return;
    }
    const message = parsed.outcome === 'message' ? parsed.message : null;
    const number = parsed.outcome === 'message' ? parsed.message.number : parsed.number;
    if (number === null) this.#inbox.handleUnnumbered();
    else if (message?.type === 'joined') {
      this.#resumeSecret = message.resumeSecret;
      this.#isJoined = true;
      this.#inbox.handleSnapshot(number);
    } else if (!this.#takeNumber(number)) return;
    // Whatever else comes, a join is answered by its `joined`.
    if (this.#isJoined) this.#liveness.handleReceived();
    if (message !== null) this.#onEvent({ kind: 'message', message });
  }

  #takeNumber(number: number): boolean {
    const receipt = this.#inbox.handleNumber(number);
    const isNonsense = receipt === 'gap' ? this.canResume : receipt === 'duplicate' && this.#isJoined;
    if (isNonsense) this.#giveUp('a message is missing, or came twice', CLOSE_NONSENSE);
    return !isNonsense && receipt !== 'duplicate';
  }

  #giveUp(reason: string, code = CLOSE_ABNORMAL): void {
    const socket = this.#detach();
    if (socket === null) return;
    socket.close(code === CLOSE_ABNORMAL ? CLOSE_LOST : code, reason.slice(0, 100));
    this.#onEvent({ kind: 'closed', code, reason });
  }

  /** Closing waits for the other end, so a given-up socket must no longer be heard. */
  #detach(): WebSocket | null {
    const socket = this.#socket;
    if (socket === null) return null;
    this.#socket = null;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    return socket;
  }
}

function unreadOf(parsed: Parsed): readonly string[] {
  if (parsed.outcome === 'message') return parsed.unread ?? [];
  if (parsed.outcome === 'malformed') return [parsed.reason];
  // The name of a type, and nothing else that may stand in its place.
  const name = /^[A-Za-z]{1,32}$/.test(parsed.type) ? parsed.type : 'of another name';
  return [`messages of the type ${name} are not known`];
}

/** `http://node:9001` → `ws://node:9001/signal`. */
export function signalUrl(nodeUrl: string): string {
  const url = new URL(`${nodeUrl.replace(/\/$/, '')}/signal`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
