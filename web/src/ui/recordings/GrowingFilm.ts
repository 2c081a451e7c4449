/**
 * Plays a film while it is being made: reads its growing HLS, and hands the pieces around the moment that is watched to a
 * media source.
 *
 * Browsers that play HLS by themselves are not left to it: Chromium (156) plays a finished playlist, and ends one that
 * grows with an error as soon as it is played. Media sources work in all of them, and with links that end: each request
 * takes the newest. Source: Media Source Extensions, W3C, sections 3 and 5; ManagedMediaSource is Safari's.
 */
import type { GrowingMedia } from '../../meeting/index.ts';
import { parseList, parseMaster, pieceWanted, type GrowingList } from './hls.ts';
import { isOver } from './useFilm.ts';

/** What is read before it is watched. */
const AHEAD_SECONDS = 30;
/** What stays behind it where the browser has no more room. */
const BEHIND_SECONDS = 10;

interface GrowingFilmOptions {
  /** A new link; null where there is none. */
  readonly link: () => Promise<GrowingMedia | null>;
  /** How much of it can be watched. */
  readonly onSeconds: (seconds: number) => void;
  /** It cannot be watched before it is whole. */
  readonly onLost: () => void;
}

/** Whether this browser can be given a film piece by piece. */
export function canGrow(): boolean {
  return sourceClass() !== undefined;
}

export class GrowingFilm {
  readonly #video: HTMLVideoElement;
  readonly #options: GrowingFilmOptions;
  readonly #source: MediaSource;
  readonly #url: string;
  #media: GrowingMedia | null = null;
  #buffer: SourceBuffer | null = null;
  #list: GrowingList | null = null;
  #isFeeding = false;
  #isClosed = false;

  constructor(video: HTMLVideoElement, options: GrowingFilmOptions) {
    this.#video = video;
    this.#options = options;
    const Source = sourceClass();
    if (Source === undefined) throw new TypeError('this browser has no media sources');
    this.#source = new Source();
    this.#url = URL.createObjectURL(this.#source);
    // Without this Safari hands nothing of a managed source to anybody.
    video.disableRemotePlayback = true;
    for (const name of ['timeupdate', 'seeking', 'waiting']) video.addEventListener(name, this.#feed);
    this.#source.addEventListener('sourceopen', this.#open, { once: true });
    video.src = this.#url;
  }

  /** Reads again how much is done. A reading that fails is made up for by the next. */
  async grow(): Promise<void> {
    if (this.#buffer === null) return;
    try {
      await this.#readList();
      this.#feed();
    } catch {
      // Until then what was done before can be watched.
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const name of ['timeupdate', 'seeking', 'waiting'])
      this.#video.removeEventListener(name, this.#feed);
    this.#video.disableRemotePlayback = false;
    URL.revokeObjectURL(this.#url);
  }

  readonly #open = (): void => {
    this.#begin().catch(() => {
      if (!this.#isClosed) this.#options.onLost();
    });
  };

  async #begin(): Promise<void> {
    const { type } = parseMaster(await this.#text(''));
    if (this.#isClosed) return;
    this.#buffer = this.#source.addSourceBuffer(type);
    const { header } = await this.#readList();
    await this.#append(await this.#bytes(header));
    this.#feed();
  }

  async #readList(): Promise<GrowingList> {
    const { playlist } = parseMaster(await this.#text(''));
    const list = parseList(await this.#text(playlist));
    await this.#idle();
    if (this.#isClosed || this.#source.readyState !== 'open') return list;
    this.#list = list;
    const seconds = list.pieces.at(-1)?.to ?? 0;
    // A film only grows; what was decoded may end a moment later than what the playlist says.
    if (!(this.#source.duration >= seconds)) this.#source.duration = seconds;
    this.#options.onSeconds(seconds);
    return list;
  }

  /** Piece by piece, until enough is there: what is watched may have changed after each. */
  readonly #feed = (): void => {
    if (this.#isFeeding || this.#list === null) return;
    this.#isFeeding = true;
    this.#feedAll()
      .catch(() => undefined)
      .finally(() => {
        this.#isFeeding = false;
      });
  };

  async #feedAll(): Promise<void> {
    for (;;) {
      const { currentTime: now } = this.#video;
      const piece = pieceWanted(this.#list?.pieces ?? [], now, AHEAD_SECONDS, (at) => this.#holds(at));
      if (piece === null || this.#isClosed) return;
      const bytes = await this.#bytes(piece.name, piece.offset, piece.bytes);
      await this.#append(bytes);
      // Without an end to this where a browser keeps nothing of what it is given.
      if (!this.#holds((piece.from + piece.to) / 2)) return;
    }
  }

  #holds(seconds: number): boolean {
    const held = this.#buffer?.buffered;
    if (held === undefined) return false;
    return Array.from({ length: held.length }).some(
      (_, index) => held.start(index) <= seconds && seconds < held.end(index),
    );
  }

  async #append(bytes: ArrayBuffer): Promise<void> {
    await this.#idle();
    if (this.#isClosed || this.#buffer === null || this.#source.readyState !== 'open') return;
    try {
      this.#buffer.appendBuffer(bytes);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') throw error;
      await this.#makeRoom(this.#buffer);
      return;
    }
    await this.#idle();
  }

  async #makeRoom(buffer: SourceBuffer): Promise<void> {
    const end = this.#video.currentTime - BEHIND_SECONDS;
    if (end <= 0) return;
    buffer.remove(0, end);
    await this.#idle();
  }

  /** Until the buffer takes something again. */
  async #idle(): Promise<void> {
    const buffer = this.#buffer;
    while (buffer?.updating === true) {
      await new Promise<void>((resolve) => {
        buffer.addEventListener(
          'updateend',
          () => {
            resolve();
          },
          { once: true },
        );
      });
    }
  }

  async #text(name: string): Promise<string> {
    return (await this.#get(name, {})).text();
  }

  async #bytes(name: string, offset = 0, length: number | null = null): Promise<ArrayBuffer> {
    const last = length === null ? '' : String(offset + length - 1);
    const answer = await this.#get(name, { Range: `bytes=${String(offset)}-${last}` });
    return answer.arrayBuffer();
  }

  /** By the newest link; `name` lies beside the master playlist, and the empty name is it. */
  async #get(name: string, headers: Record<string, string>): Promise<Response> {
    if (this.#media === null || isOver(this.#media, Date.now())) this.#media = await this.#options.link();
    if (this.#media === null) throw new Error('there is no link');
    const answer = await fetch(new URL(name, new URL(this.#media.url, location.href)), {
      headers,
      cache: 'no-store',
    });
    if (!answer.ok) throw new Error(`${name} was answered by ${String(answer.status)}`);
    return answer;
  }
}

function sourceClass(): typeof MediaSource | undefined {
  const { ManagedMediaSource: managed, MediaSource: plain } = globalThis as {
    ManagedMediaSource?: typeof MediaSource;
    MediaSource?: typeof MediaSource;
  };
  return plain ?? managed;
}
