/**
 * Tracks: what we publish, as wanted here and as told to the node.
 *
 * Owns no connection and no capture. One path for every change: compute what is wanted, compare with what was told,
 * return the difference as messages. Saying it twice does nothing.
 */
import {
  kindOf,
  type ClientMessage,
  type Mid,
  type OfferedTrack,
  type RosterTrack,
} from '../protocol/index.ts';
import type { Source, TrackId } from './types.ts';

/** Null for a source without an m-line. */
type MidOf = (source: Source) => Mid | null;

interface Wanted {
  readonly track: MediaStreamTrack;
  readonly muted: boolean;
}

interface Told {
  readonly muted: boolean;
  readonly paused: boolean;
  /** Null until the roster shows the track: muting and unpublishing wait for it. */
  readonly id: TrackId | null;
}

export class Tracks {
  readonly #wanted = new Map<Source, Wanted>();
  #told = new Map<Source, Told>();
  /** Sources that the node did not take: another role may, and a person may try again. */
  readonly #refused = new Set<Source>();
  #arePicturesPaused = false;

  wanted(source: Source): Wanted | null {
    return this.#wanted.get(source) ?? null;
  }

  /** What the sender of a source should carry now: nothing while muted. */
  sending(source: Source): MediaStreamTrack | null {
    const wanted = this.#wanted.get(source);
    return wanted === undefined || wanted.muted ? null : wanted.track;
  }

  /** @param muted Without it, a source that is already there keeps its state, and a new one is heard. */
  set(source: Source, track: MediaStreamTrack | null, muted?: boolean): void {
    this.#refused.delete(source);
    if (track === null) this.#wanted.delete(source);
    else this.#wanted.set(source, { track, muted: muted ?? this.#wanted.get(source)?.muted ?? false });
  }

  setMuted(source: Source, muted: boolean): void {
    const wanted = this.#wanted.get(source);
    if (wanted !== undefined) this.#wanted.set(source, { ...wanted, muted });
  }

  /** The link carries no pictures, or does again: what is wanted stays wanted. Returns whether that is new. */
  setPicturesPaused(arePaused: boolean): boolean {
    const isNew = arePaused !== this.#arePicturesPaused;
    this.#arePicturesPaused = arePaused;
    return isNew;
  }

  isPaused(source: Source): boolean {
    return this.#arePicturesPaused && kindOf(source) === 'video';
  }

  /** For a fresh join: everything wanted goes with the offer. */
  offer(midOf: MidOf): readonly OfferedTrack[] {
    this.#told = new Map(
      [...this.#wanted].map(([source, { muted }]) => [source, { muted, paused: false, id: null }]),
    );
    return [...this.#wanted].flatMap(([source, { muted }]) => {
      const mid = midOf(source);
      return mid === null ? [] : [{ mid, source, muted }];
    });
  }

  /** After `joined`: the roster's own entries are what the node knows; a publish lost with the socket is told again. */
  handleOwnTracks(tracks: readonly RosterTrack[]): void {
    this.#told = new Map(tracks.map((track) => [track.source, toldBy(track)]));
  }

  handlePublished(track: RosterTrack): void {
    this.#told.set(track.source, toldBy(track));
  }

  /** The node takes no track of this source: it is not there, and not offered again for the time being. */
  handleRefused(source: Source): void {
    if (this.#told.get(source)?.id !== null) return;
    this.#told.delete(source);
    this.#refused.add(source);
  }

  /** Another role may publish what the one before might not. */
  handleNewRole(): void {
    this.#refused.clear();
  }

  handleUnpublished(source: Source): void {
    this.#told.delete(source);
  }

  /** Muted by somebody else: it stays so until we ourselves unmute. */
  handleMutedByOther(source: Source): void {
    this.setMuted(source, true);
    const told = this.#told.get(source);
    if (told !== undefined) this.#told.set(source, { ...told, muted: true });
  }

  /** Sends what brings the node to what is wanted; what could not be sent is tried again at the next call. */
  reconcile(midOf: MidOf, send: (message: ClientMessage) => boolean): void {
    for (const source of new Set([...this.#wanted.keys(), ...this.#told.keys()])) {
      const change = this.#difference(source, midOf);
      if (change === null || !send(change.message)) continue;
      if (change.told === null) this.#told.delete(source);
      else this.#told.set(source, change.told);
    }
  }

  #difference(source: Source, midOf: MidOf): Change | null {
    const wanted = this.#wanted.get(source);
    const told = this.#told.get(source);
    if (told === undefined) {
      if (wanted === undefined || this.#refused.has(source)) return null;
      const { muted } = wanted;
      const mid = midOf(source);
      // It goes along with the offer that gives it an m-line.
      if (mid === null) return null;
      const message = { type: 'publish', mid, source, muted } as const;
      return { message, told: { muted, paused: false, id: null } };
    }
    const { id } = told;
    if (id === null) return null;
    if (wanted === undefined) return { message: { type: 'unpublish', track: id }, told: null };
    const { muted } = wanted;
    const paused = this.isPaused(source);
    if (muted === told.muted && paused === told.paused) return null;
    const change = paused === told.paused ? {} : { paused };
    return { message: { type: 'mute', track: id, muted, ...change }, told: { muted, paused, id } };
  }
}

function toldBy({ muted, paused = false, id }: RosterTrack): Told {
  return { muted, paused, id };
}

interface Change {
  readonly message: ClientMessage;
  readonly told: Told | null;
}
