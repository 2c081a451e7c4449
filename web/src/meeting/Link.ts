/**
 * Link: the way to the meeting's node, kept up.
 *
 * Owns the place granted by the API, the peer connection and the signaling, and carries out what Reconnection decides.
 * Knows nothing of participants or tracks: messages pass through to the meeting.
 */
import type { JoinGrant } from '../api/index.ts';
import type { ClientMessage, NodeMessage } from '../protocol/index.ts';
import { Connection } from '../rtc/index.ts';
import { CLOSE_NONSENSE, Signaling, type SignalingEvent } from '../signaling/index.ts';
import { AddressWatch } from './AddressWatch.ts';
import { Admission, type Visitor } from './Admission.ts';
import { MeetingError, asMeetingError, errorOfClose, isPassing, mayEnterAgain } from './errors.ts';
import { hasWebRtc, type LinkOptions } from './linkOptions.ts';
import { watchNetwork } from './network.ts';
import { Reconnection, type Effect, type Moment } from './Reconnection.ts';
import type { EndReason, MeetingState } from './types.ts';
import { throwLater } from './throwLater.ts';

type Joined = Extract<NodeMessage, { type: 'joined' }>;

interface Entry {
  readonly resolve: () => void;
  readonly reject: (error: MeetingError) => void;
}

/** A first join asks for another place when a node turns out to be full or gone; a person waits no longer. */
const MAX_ENTRIES = 3;
/** Nonsense that a resume brings again each time is left behind with its session. */
const MAX_NONSENSE = 3;
const CLIENT = { name: 'parley-web', version: '0.1.0' };

export class Link {
  readonly #options: LinkOptions;
  readonly #signaling: Signaling;
  #connection: Connection | null = null;
  readonly #admission: Admission;
  #visitor: Visitor = { meeting: '', displayName: '' };
  #grant: JoinGrant | null = null;
  #entry: Entry | null = null;
  #reconnection: Reconnection | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #nextId = 1;
  /** The offer that waits for its answer; answers to earlier ones come late, with what a resume repeats. */
  #openOffer: number | null = null;
  #queue: Promise<void> = Promise.resolve();
  /** How often this session's socket was given up for what came through it. */
  #nonsense = 0;
  /** Between `joined` and the loss of its socket: only then are messages understood. */
  #isLive = false;
  /** The node that had no room for us just now. */
  #refusedBy: string | null = null;
  /** Grows with each connection and at the end: what comes back under an old number is stale. */
  #turn = 0;
  #closed = false;
  readonly #addressWatch: AddressWatch;
  #unwatch = (): void => undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { openSocket, createPeerConnection } = options.environment ?? {};
    this.#addressWatch = new AddressWatch(
      () => this.#connection,
      () => {
        this.#handleAddressGone();
      },
      createPeerConnection,
    );
    this.#admission = new Admission({ ...options, isGivenUp: () => this.#closed });
    this.#signaling = new Signaling({
      onEvent: (event) => {
        // One at a time: applying an answer takes a while, and what follows it must find it applied.
        // What is wrong with one is told as any error is, and leaves those that follow alone.
        this.#queue = this.#queue.then(() => this.#handleEvent(event)).catch(throwLater);
      },
      ...(openSocket === undefined ? {} : { openSocket }),
    });
  }

  get grant(): JoinGrant | null {
    return this.#grant;
  }

  get connection(): Connection | null {
    return this.#connection;
  }

  async prepare(): Promise<void> {
    // Whoever joins is told.
    if (!hasWebRtc(this.#options.environment)) return;
    await this.#preparedConnection().prepareOffer();
  }

  /** @throws MeetingError */
  async join(visitor: Visitor): Promise<void> {
    // Before anything is asked of the API: nobody is to be there who neither sees nor hears.
    if (!hasWebRtc(this.#options.environment))
      throw new MeetingError('browser_unsupported', 'no RTCPeerConnection');
    this.#visitor = visitor;
    for (let entries = 1; ; entries += 1) {
      try {
        await this.#enter();
        this.#listen();
        return;
      } catch (cause) {
        const error = asMeetingError(cause);
        if (this.#closed || !mayEnterAgain(error, entries) || entries >= MAX_ENTRIES) throw error;
        this.#dropConnection();
      }
    }
  }

  /** Returns false while there is no socket. */
  send(message: ClientMessage): boolean {
    return this.#isLive && this.#signaling.send(message);
  }

  /** After leaving on purpose: the next visit is somebody new. */
  forgetParticipant(): void {
    this.#admission.giveUp(this.#visitor.meeting);
  }

  /** Twice a second or so. */
  handleTick(): void {
    this.#signaling.handleTimeout();
    void this.#addressWatch.look();
  }

  #handleAddressGone(): void {
    let isNews = false as boolean;
    this.#advance((machine, moment) => {
      isNews = machine.handleAddressGone(moment);
    });
    if (isNews) this.#signaling.handleAddressGone();
  }

  close(): void {
    this.#closed = true;
    this.#isLive = false;
    this.#signaling.send({ type: 'leave' });
    this.#signaling.close();
    this.#dropConnection();
    this.#reconnection = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    removeEventListener('online', this.#handleOnline);
    this.#unwatch();
    removeEventListener('offline', this.#handleOffline);
    removeEventListener('pagehide', this.#handlePageHide);
    this.#entry?.reject(new MeetingError('unreachable', 'the meeting was left'));
    this.#entry = null;
  }

  /** One try: a place from the API, then a fresh session on its node. Resolves when `joined` was handled. */
  async #enter(): Promise<void> {
    const connection = this.#preparedConnection();
    const turn = this.#turn;
    const [grant, offer] = await Promise.all([this.#requestPlace(), connection.createOffer()]);
    if (turn !== this.#turn) throw new MeetingError('unreachable', 'overtaken by a newer attempt');
    this.#grant = grant;
    this.#options.resumeTokens.save(this.#visitor.meeting, grant.resumeToken);
    connection.useIceServers(grant.iceServers);
    const announced = this.#options.announced(connection);
    await new Promise<void>((resolve, reject) => {
      this.#entry = { resolve, reject };
      this.#signaling.join(grant.node.url, { token: grant.token, offer, ...announced, client: CLIENT });
    });
  }

  #requestPlace(): Promise<JoinGrant> {
    const refusedBy = this.#refusedBy;
    this.#refusedBy = null;
    return this.#admission.request(this.#visitor, refusedBy);
  }

  #preparedConnection(): Connection {
    if (this.#connection !== null) return this.#connection;
    const { cameraCodec, environment } = this.#options;
    const { createPeerConnection } = environment ?? {};
    const connection: Connection = new Connection({
      onPath: (path) => {
        if (this.#connection === connection)
          this.#advance((machine, moment) => {
            machine.handlePath(path, moment);
          });
      },
      ...(cameraCodec === undefined ? {} : { cameraCodec }),
      ...(createPeerConnection === undefined ? {} : { createPeerConnection }),
    });
    this.#connection = connection;
    this.#options.onConnection(connection);
    return connection;
  }

  #dropConnection(): void {
    this.#openOffer = null;
    this.#turn += 1;
    this.#connection?.close();
    this.#connection = null;
  }

  #listen(): void {
    addEventListener('online', this.#handleOnline);
    this.#unwatch = watchNetwork(() => {
      this.#advance((machine, moment) => {
        machine.handleNetworkChange(moment);
      });
    });
    addEventListener('offline', this.#handleOffline);
    addEventListener('pagehide', this.#handlePageHide);
  }

  /** A closed tab is gone at once for the others; a reloaded one comes back by its resume token. */
  readonly #handlePageHide = (): void => {
    this.send({ type: 'leave' });
  };

  readonly #handleOnline = (): void => {
    this.#advance((machine, moment) => {
      machine.handleOnline(moment);
    });
  };

  readonly #handleOffline = (): void => {
    this.#advance((machine) => {
      machine.handleOffline();
    });
    this.#signaling.handleOffline();
  };

  async #handleEvent(event: SignalingEvent): Promise<void> {
    if (this.#closed) return;
    if (event.kind === 'message') await this.#handleMessage(event.message);
    else if (event.kind === 'unread') this.#options.onUnread(event.reason);
    else this.#handleClosed(event.code, event.reason);
  }

  async #handleMessage(message: NodeMessage): Promise<void> {
    switch (message.type) {
      case 'joined':
        await this.#handleJoined(message);
        break;
      case 'answer':
        if (message.id !== this.#openOffer) break;
        this.#openOffer = null;
        if (await this.#applyAnswer(message.sdp)) this.#notePath();
        break;
      case 'removed':
        this.#handleRemoved(message.reason);
        break;
      case 'error':
        if (message.code === 'resume_failed') this.#loseSession();
        else this.#options.onMessage(message);
        break;
      default:
        this.#options.onMessage(message);
    }
  }

  async #handleJoined(message: Joined): Promise<void> {
    if (message.answer !== undefined && !(await this.#applyAnswer(message.answer))) return;
    if (this.#isClosed()) return;
    this.#isLive = true;
    if (!message.resumed) this.#nonsense = 0;
    this.#reconnection ??= new Reconnection(performance.now());
    // First who is here, then that we are: nobody shall see an empty meeting.
    this.#options.onMessage(message);
    this.#advance((machine, moment) => {
      machine.handleJoined(message, moment);
    });
    this.#notePath();
    this.#entry?.resolve();
    this.#entry = null;
  }

  /** A path that was up while it was made anew stays so, and no event says that it still is. */
  #notePath(): void {
    const path = this.#connection?.path;
    if (path !== 'up') return;
    this.#advance((machine, moment) => {
      machine.handlePath(path, moment);
    });
  }

  /** Nothing of the session is left to resume: the machine goes on to a rejoin. */
  #loseSession(): void {
    this.#isLive = false;
    this.#signaling.close();
    this.#advance((machine, moment) => {
      machine.handleSessionLost(moment);
    });
  }

  /** As a call, because the compiler does not see that an await may have changed it. */
  #isClosed(): boolean {
    return this.#closed;
  }

  async #applyAnswer(sdp: string): Promise<boolean> {
    const connection = this.#connection;
    try {
      await connection?.applyAnswer(sdp);
      return true;
    } catch (cause) {
      if (connection === this.#connection) this.#handleBadAnswer(cause);
      return false;
    }
  }

  /** Who is in the meeting asks for another answer, with everything made anew. */
  #handleBadAnswer(cause: unknown): void {
    const reason = 'the browser refused the answer of the media node';
    const entry = this.#entry;
    if (this.#reconnection === null) this.#fail(new MeetingError('protocol_error', reason, { cause }));
    else if (entry === null) this.#loseSession();
    else {
      this.#entry = null;
      entry.reject(new MeetingError('unreachable', reason, { cause }));
    }
  }

  /** A closing or moving node sends everyone away, but the meeting goes on elsewhere. */
  #handleRemoved(reason: EndReason): void {
    if (reason === 'nodeClosing' || reason === 'moved') {
      this.#loseSession();
      return;
    }
    // A replaced tab's token belongs to the one that replaced it; all others would be refused.
    this.#options.resumeTokens.forget(this.#visitor.meeting);
    this.#stop({ kind: 'ended', reason });
  }

  #handleClosed(code: number, reason: string): void {
    this.#isLive = false;
    const error = errorOfClose(code, reason);
    if (this.#entry !== null) {
      if (error.code === 'no_capacity') this.#refusedBy = this.#grant?.node.id ?? null;
      this.#entry.reject(error);
      this.#entry = null;
    } else if (error.code === 'meeting_ended') {
      this.#stop({ kind: 'ended', reason: 'ended' });
    } else if (isPassing(error) && !this.#isHopeless(code)) {
      this.#advance((machine, moment) => {
        machine.handleSocketClosed(moment);
      });
    } else {
      // The node refused what we said; a fresh session says everything anew.
      this.#loseSession();
    }
  }

  #isHopeless(code: number): boolean {
    if (code === CLOSE_NONSENSE) this.#nonsense += 1;
    return this.#nonsense >= MAX_NONSENSE;
  }

  #advance(input: (machine: Reconnection, moment: Moment) => void): void {
    const machine = this.#reconnection;
    if (machine === null) return;
    input(machine, { now: performance.now(), random: Math.random() });
    const effects = machine.drainEffects();
    const { trouble } = machine;
    this.#options.onState(
      trouble === null
        ? { kind: 'connected' }
        : { kind: 'reconnecting', since: performance.timeOrigin + trouble.since, attempt: trouble.attempt },
    );
    for (const effect of effects) void this.#tryToCarryOut(effect);
    this.#schedule(machine);
  }

  #schedule(machine: Reconnection): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const at = this.#reconnection === machine ? machine.pollTimeout() : null;
    if (at === null) return;
    this.#timer = setTimeout(
      () => {
        this.#advance((current, moment) => {
          current.handleTimeout(moment);
        });
      },
      Math.max(0, at - performance.now()),
    );
  }

  /** A connection that can no longer make an offer is of no use: everything is made anew. */
  async #tryToCarryOut(effect: Effect): Promise<void> {
    const turn = this.#turn;
    try {
      await this.#carryOut(effect);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      if (turn === this.#turn) this.#loseSession();
    }
  }

  async #carryOut(effect: Effect): Promise<void> {
    switch (effect.kind) {
      case 'resume':
        await this.#resume(effect.restartIce);
        break;
      case 'rejoin':
        await this.#rejoin();
        break;
      case 'restartIce':
        await this.#restartIce();
        break;
      case 'giveUp':
        this.#fail(new MeetingError(effect.cause, 'the connection could not be restored'));
        break;
    }
  }

  async #resume(restartIce: boolean): Promise<void> {
    const turn = this.#turn;
    const connection = this.#connection;
    const grant = this.#grant;
    if (connection === null || grant === null || !this.#signaling.canResume) {
      this.#loseSession();
      return;
    }
    // From now on `joined` brings the answer.
    if (restartIce) this.#openOffer = null;
    const offer = restartIce ? await connection.createRestartOffer() : undefined;
    if (turn !== this.#turn) return;
    this.#signaling.resume(grant.node.url, {
      token: grant.token,
      client: CLIENT,
      ...(offer === undefined ? {} : { offer }),
    });
  }

  async #rejoin(): Promise<void> {
    this.#dropConnection();
    const turn = this.#turn;
    try {
      await this.#enter();
    } catch (cause) {
      if (turn !== this.#turn || this.#closed) return;
      const error = asMeetingError(cause);
      if (error.code === 'meeting_ended') {
        this.#stop({ kind: 'ended', reason: 'ended' });
      } else if (isPassing(error)) {
        const { retryAfterMs } = error;
        this.#advance((machine, moment) => {
          machine.handleRejoinFailed({ retryAfterMs }, moment);
        });
      } else this.#fail(error);
    }
  }

  async #restartIce(): Promise<void> {
    const turn = this.#turn;
    const sdp = await this.#connection?.createRestartOffer();
    if (turn !== this.#turn || sdp === undefined) return;
    this.#openOffer = this.#nextId++;
    this.#signaling.send({ type: 'offer', id: this.#openOffer, sdp });
  }

  #fail(error: MeetingError): void {
    const entry = this.#entry;
    this.#entry = null;
    entry?.reject(error);
    if (this.#reconnection !== null) this.#stop({ kind: 'failed', error });
  }

  #stop(state: MeetingState): void {
    this.close();
    this.#options.onState(state);
  }
}
