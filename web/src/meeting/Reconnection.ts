/**
 * Reconnection: what to try next when the socket, the media path or both are lost.
 *
 * The ladder is: restart ICE (the node is reachable, the path is not) → resume (a new socket continues the session)
 * → rejoin (a new session for the same participant) → give up. Two small machines, one for the socket and one for the
 * media path, share one clock of attempts. Pure: time and chance are passed in, effects are drained after each input.
 */
import { backoffDelayMs } from '../signaling/index.ts';
import type { MediaPath } from '../rtc/index.ts';

export type Effect =
  | { readonly kind: 'resume'; readonly restartIce: boolean }
  | { readonly kind: 'rejoin' }
  | { readonly kind: 'restartIce' }
  | { readonly kind: 'giveUp'; readonly cause: 'unreachable' | 'media_path_failed' };

export interface Moment {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

type Way = 'resume' | 'rejoin';
type SocketState =
  | { readonly kind: 'up' }
  | { readonly kind: 'opening'; readonly way: Way }
  /** `until` is null while the browser is offline: only its return wakes us. */
  | { readonly kind: 'waiting'; readonly way: Way; readonly until: number | null };
type MediaState =
  | { readonly kind: 'up' }
  /** A new connection that never was up. */
  | { readonly kind: 'pending'; readonly deadline: number }
  /** Checks fail, but it may heal by itself. */
  | { readonly kind: 'interrupted'; readonly deadline: number }
  | { readonly kind: 'restarting'; readonly deadline: number }
  /** Wants a restart, but has no socket to offer it through. */
  | { readonly kind: 'broken' };

/** Browsers report an interruption only after seconds of silence, so little patience is left to add. */
const INTERRUPTION_GRACE_MS = 500;
/** ICE and DTLS on a bad mobile network take 3 s; twice that is a path that does not exist. */
const CONNECT_TIMEOUT_MS = 6_000;
const MAX_RESTARTS = 2;
/** Who never had a media path sits behind a firewall, and should read so within 20 s. */
const MAX_FIRST_CONNECTS = 3;
/** Attempts wait 4 s at most: this is about two minutes of real trying, in which sleep does not count. */
export const MAX_ATTEMPTS = 35;
/** After a few seconds without an answer the node is gone, unless its media proves that it lives. */
const MAX_RESUMES = 4;
/** A session that breaks sooner than this after its return keeps counting, or it would retry without a pause. */
const STABLE_MS = 5_000;

export class Reconnection {
  #socket: SocketState = { kind: 'up' };
  #media: MediaState;
  #online = true;
  #since: number | null = null;
  #steadySince: number;
  #attempt = 0;
  #restarts = 0;
  #wasEverUp = false;
  #failedConnects = 0;
  #gaveUp = false;
  #effects: Effect[] = [];

  /** Starts when the first `joined` has arrived. */
  constructor(now: number) {
    this.#media = { kind: 'pending', deadline: now + CONNECT_TIMEOUT_MS };
    this.#steadySince = now;
  }

  /** Null while all is well; otherwise since when it is not, and the how manieth attempt is under way. */
  get trouble(): { readonly since: number; readonly attempt: number } | null {
    return this.#since === null ? null : { since: this.#since, attempt: Math.max(1, this.#attempt) };
  }

  drainEffects(): readonly Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** When handleTimeout wants to be called; null for not at all. */
  pollTimeout(): number | null {
    if (this.#gaveUp) return null;
    const times: number[] = [];
    if (this.#socket.kind === 'waiting' && this.#socket.until !== null) times.push(this.#socket.until);
    // A restart needs the socket; without one its return starts it.
    if ('deadline' in this.#media && this.#socket.kind === 'up') times.push(this.#media.deadline);
    return times.length === 0 ? null : Math.min(...times);
  }

  handleSocketClosed(moment: Moment): void {
    if (this.#gaveUp || this.#socket.kind === 'waiting') return;
    const isDeadNode = this.#attempt >= MAX_RESUMES && this.#media.kind !== 'up';
    const way = isDeadNode ? 'rejoin' : this.#socket.kind === 'opening' ? this.#socket.way : 'resume';
    // The answer to a restart may have been lost with the socket.
    if (this.#media.kind === 'restarting') this.#media = { kind: 'broken' };
    this.#retry(way, moment);
  }

  handleJoined(joined: { readonly resumed: boolean }, moment: Moment): void {
    if (this.#gaveUp) return;
    this.#socket = { kind: 'up' };
    if (!joined.resumed) {
      this.#media = { kind: 'pending', deadline: moment.now + CONNECT_TIMEOUT_MS };
      this.#restarts = 0;
    } else if (this.#media.kind === 'broken') {
      this.#restartIce(moment);
    }
    this.#settle(moment.now);
  }

  /** The node no longer knows the session, or sends everyone away to another node. */
  handleSessionLost(moment: Moment): void {
    if (this.#gaveUp) return;
    this.#retry('rejoin', moment);
  }

  handleRejoinFailed(failure: { readonly retryAfterMs: number | null }, moment: Moment): void {
    if (this.#gaveUp) return;
    this.#retry('rejoin', moment, failure.retryAfterMs ?? 0);
  }

  handlePath(path: MediaPath, moment: Moment): void {
    if (this.#gaveUp) return;
    if (path === 'up') {
      this.#media = { kind: 'up' };
      this.#wasEverUp = true;
      this.#restarts = 0;
      this.#settle(moment.now);
    } else if (path === 'interrupted' && this.#media.kind === 'up') {
      this.#media = { kind: 'interrupted', deadline: moment.now + INTERRUPTION_GRACE_MS };
      this.#beginTrouble(moment.now);
    } else if (path === 'failed') {
      this.#beginTrouble(moment.now);
      // Before the first connection there is nothing to restart; its deadline decides.
      if (this.#media.kind !== 'pending') this.#restartIce(moment);
    }
  }

  handleOnline(moment: Moment): void {
    this.#online = true;
    if (this.#gaveUp) return;
    if (this.#socket.kind === 'waiting') this.#open(this.#socket.way, moment);
    else if (this.#media.kind === 'interrupted') this.#restartIce(moment);
  }

  handleOffline(): void {
    this.#online = false;
    // Nobody comes back over the same path: the return restarts it instead of waiting for checks to fail.
    if (this.#media.kind === 'up') this.#media = { kind: 'broken' };
  }

  /**
   * The machine no longer has the address of the path, nor then of the socket, whose end is told next. Returns whether
   * that is news: a path that is being made anew begins at another address.
   */
  handleAddressGone(moment: Moment): boolean {
    if (this.#gaveUp || (this.#media.kind !== 'up' && this.#media.kind !== 'interrupted')) return false;
    this.#beginTrouble(moment.now);
    this.#media = { kind: 'broken' };
    return true;
  }

  /** Another interface carries us now: the path is made anew at once. */
  handleNetworkChange(moment: Moment): void {
    if (this.#gaveUp || (this.#media.kind !== 'up' && this.#media.kind !== 'interrupted')) return;
    this.#beginTrouble(moment.now);
    this.#restartIce(moment);
  }

  handleTimeout(moment: Moment): void {
    if (this.#gaveUp) return;
    if (this.#socket.kind === 'waiting' && this.#socket.until !== null && this.#socket.until <= moment.now) {
      this.#open(this.#socket.way, moment);
      return;
    }
    if (!('deadline' in this.#media) || this.#media.deadline > moment.now || this.#socket.kind !== 'up')
      return;
    this.#beginTrouble(moment.now);
    if (this.#media.kind === 'pending') this.#handleNoFirstPath(moment);
    else this.#restartIce(moment);
  }

  #handleNoFirstPath(moment: Moment): void {
    this.#failedConnects += 1;
    if (!this.#wasEverUp && this.#failedConnects >= MAX_FIRST_CONNECTS) this.#giveUp('media_path_failed');
    else this.#retry('rejoin', moment);
  }

  #giveUp(cause: 'unreachable' | 'media_path_failed'): void {
    this.#gaveUp = true;
    this.#effects.push({ kind: 'giveUp', cause });
  }

  #restartIce(moment: Moment): void {
    if (this.#socket.kind !== 'up') {
      this.#media = { kind: 'broken' };
      return;
    }
    if (this.#restarts >= MAX_RESTARTS) {
      this.#retry('rejoin', moment);
      return;
    }
    this.#restarts += 1;
    this.#media = { kind: 'restarting', deadline: moment.now + CONNECT_TIMEOUT_MS };
    this.#effects.push({ kind: 'restartIce' });
  }

  #retry(way: Way, moment: Moment, atLeastMs = 0): void {
    this.#beginTrouble(moment.now);
    this.#attempt += 1;
    if (this.#attempt > MAX_ATTEMPTS) {
      this.#giveUp(this.#socket.kind === 'up' ? 'media_path_failed' : 'unreachable');
      return;
    }
    const delay = Math.max(atLeastMs, backoffDelayMs(this.#attempt, moment.random));
    if (!this.#online) this.#socket = { kind: 'waiting', way, until: null };
    else if (delay > 0) this.#socket = { kind: 'waiting', way, until: moment.now + delay };
    else this.#open(way, moment);
  }

  #open(way: Way, moment: Moment): void {
    this.#socket = { kind: 'opening', way };
    if (way === 'rejoin') {
      this.#effects.push({ kind: 'rejoin' });
      return;
    }
    const restartIce = this.#media.kind === 'broken' || this.#media.kind === 'interrupted';
    if (restartIce) {
      this.#restarts += 1;
      this.#media = { kind: 'restarting', deadline: moment.now + CONNECT_TIMEOUT_MS };
    }
    this.#effects.push({ kind: 'resume', restartIce });
  }

  #beginTrouble(now: number): void {
    if (this.#since !== null) return;
    this.#since = now;
    if (now - this.#steadySince >= STABLE_MS) this.#attempt = 0;
  }

  #settle(now: number): void {
    if (this.#since === null || this.#socket.kind !== 'up' || this.#media.kind !== 'up') return;
    this.#since = null;
    this.#steadySince = now;
  }
}
