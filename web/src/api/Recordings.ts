/**
 * Recordings: the API's calls about what was recorded, for whoever signed in or hosts a meeting.
 *
 * Checks what comes as far as the app relies on it. Keeps no links: they end five minutes after they were given.
 */
import { Api, type ApiOptions } from './Api.ts';
import { ApiError } from './errors.ts';

export type RecordingState =
  | 'starting'
  | 'recording'
  | 'paused'
  | 'degraded'
  | 'stopping'
  | 'processing'
  | 'ready'
  | 'failed'
  | 'deleting'
  | 'deleted';
/** What a caller may do to a recording now, as docs/recording.md tells of each. */
export type RecordingAction =
  'open' | 'control' | 'compose' | 'keep' | 'share' | 'link' | 'hold' | 'delete' | 'log';
export type FilmLayout = 'grid' | 'speaker' | 'share';

export interface RecordingDetails {
  readonly id: string;
  readonly meeting: string;
  /** Of the meeting, as it was when this began. */
  readonly title?: string | null;
  readonly state: RecordingState;
  /** Why it is degraded, or has failed: a code, and the same in English. */
  readonly reason: string | null;
  readonly detail?: string | null;
  /** 0 to 1, of the film that is being made. */
  readonly progress: number;
  /** Of the film, as it was chosen last. */
  readonly layout?: FilmLayout;
  readonly compositions?: readonly CompositionDetails[];
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly durationSeconds: number | null;
  readonly bytes: number | null;
  /** Of what recorders have stored. */
  readonly recordedBytes?: number;
  readonly storageClass: 'standard' | 'infrequent' | 'archive' | null;
  /** When it is deleted; null: when somebody does so. */
  readonly retainUntil: string | null;
  readonly legalHold: boolean;
  readonly access: { readonly participants: boolean; readonly users: readonly string[] };
  /** Lists leave it out. */
  readonly actions?: readonly RecordingAction[];
}

/** Links that end together; null where there is no such file. */
export interface RecordingMedia {
  readonly expiresAt: string;
  readonly mp4: { readonly url: string } | null;
  readonly chapters: { readonly url: string } | null;
  readonly chat: { readonly url: string } | null;
  readonly thumbnails: { readonly url: string; readonly sprite: string | null } | null;
}

/** A link to the HLS master playlist of a film that is being made. */
export interface GrowingMedia {
  readonly url: string;
  readonly expiresAt: string;
}

export interface RecordingPage {
  readonly items: readonly RecordingDetails[];
  readonly nextCursor: string | null;
}

/** A whole track in one file. */
export interface TrackFile {
  readonly track: string;
  readonly participant: string;
  readonly source: 'microphone' | 'camera' | 'screen' | 'screen_audio';
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly bytes: number;
  readonly url: string;
}

/** What is made of a recording: a film, or its tracks as files. */
export interface CompositionDetails {
  readonly id: string;
  readonly kind: 'film' | 'tracks';
  readonly state: 'queued' | 'sent' | 'running' | 'done' | 'failed';
  readonly progress: number;
  readonly reason: string | null;
  readonly detail?: string | null;
}

/** A link for people without an account. */
export interface WatchLink {
  readonly id: string;
  readonly expiresAt: string;
}

/** Links that somebody was given, in one answer. */
export interface AccessEntry {
  readonly at: string;
  /** A user, a participant, an API key or a link for people without an account, by id; `guest` else. */
  readonly by: string;
  /** What they open: `mp4`, `hls`, `thumbnails`, `trackFiles`, `tracks`, `manifest`. */
  readonly kinds: readonly string[];
  readonly requestId: string;
}

/** Somebody who was in a meeting while signed in. */
export interface Attendee {
  readonly user: string;
  readonly name: string;
}

/** What an address has behind # that opens a film without an account. */
export const WATCH_SECRET = /^watch_[a-z2-7]{52}$/;
/** As the API tells it of whoever signed in. */
export const USER = /^usr_[a-z2-7]{26}$/;

export class Recordings {
  readonly #api: Api;

  constructor(options: ApiOptions) {
    this.#api = new Api(options);
  }

  /** @throws ApiError */
  async page(cursor: string | null = null): Promise<RecordingPage> {
    const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const body = await this.#api.call('GET', `/recordings?limit=20${query}`);
    const { items, nextCursor } = (body ?? {}) as Partial<RecordingPage>;
    if (!Array.isArray(items) || !items.every(isRecording)) throw unreadable();
    return { items, nextCursor: nextCursor ?? null };
  }

  /**
   * Begins to record a meeting, and allows it first where its setting says no.
   * @throws ApiError
   */
  async start(meeting: string): Promise<RecordingDetails> {
    const path = `/meetings/${encodeURIComponent(meeting)}`;
    try {
      return checked(await this.#api.call('POST', `${path}/recordings`, {}));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'recording_off') throw error;
      await this.#api.call('PATCH', path, { recording: 'allowed' });
      return checked(await this.#api.call('POST', `${path}/recordings`, {}));
    }
  }

  /** @throws ApiError */
  async direct(id: string, verb: 'pause' | 'resume' | 'stop'): Promise<RecordingDetails> {
    return checked(await this.#api.call('POST', `${pathOf(id)}/${verb}`, {}));
  }

  /** @throws ApiError */
  async recording(id: string): Promise<RecordingDetails> {
    return checked(await this.#api.call('GET', pathOf(id)));
  }

  /**
   * Links of a film; each call is noted in the recording's access log.
   * @throws ApiError
   */
  async media(id: string): Promise<RecordingMedia> {
    const body = await this.#api.call('GET', `${pathOf(id)}/media?kinds=mp4,thumbnails`);
    const media = (body ?? {}) as Partial<RecordingMedia>;
    if (typeof media.expiresAt !== 'string' || media.mp4 === undefined) throw unreadable();
    return { chapters: null, chat: null, thumbnails: null, ...media } as RecordingMedia;
  }

  /**
   * What can be watched of a film that is being made; null where that is nothing yet, or no more. Noted as `media` is.
   * @throws ApiError
   */
  async growing(id: string): Promise<GrowingMedia | null> {
    const body = await this.#api.call('GET', `${pathOf(id)}/media?kinds=hls`);
    const { hls, expiresAt } = (body ?? {}) as { hls?: { url?: unknown } | null; expiresAt?: unknown };
    if (typeof expiresAt !== 'string' || hls === undefined) throw unreadable();
    if (hls === null) return null;
    if (typeof hls.url !== 'string') throw unreadable();
    return { url: hls.url, expiresAt };
  }

  /**
   * Whole tracks, page by page; null until they are made.
   * @throws ApiError
   */
  async trackFiles(id: string): Promise<readonly TrackFile[] | null> {
    const found: TrackFile[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const body = await this.#api.call('GET', `${pathOf(id)}/media?kinds=trackFiles&limit=1000${more}`);
      const page = (body ?? {}) as { trackFiles?: unknown; nextCursor?: string | null };
      if (page.trackFiles === null) return null;
      if (!Array.isArray(page.trackFiles)) throw unreadable();
      found.push(...(page.trackFiles as readonly TrackFile[]));
      cursor = page.nextCursor ?? null;
    } while (cursor !== null);
    return found;
  }

  /**
   * Has each track joined to one file.
   * @throws ApiError
   */
  async joinTracks(id: string): Promise<void> {
    await this.#api.call('POST', `${pathOf(id)}/compositions`, { kind: 'tracks' });
  }

  /**
   * What everybody was called who was in a meeting, by participant.
   * @throws ApiError
   */
  async names(meeting: string): Promise<ReadonlyMap<string, string>> {
    const people = await this.#people(meeting);
    return new Map(people.map(({ id, displayName }) => [String(id), String(displayName)]));
  }

  /**
   * Who was in a meeting and can be shared with: each once, by the latest name.
   * @throws ApiError
   */
  async attendees(meeting: string): Promise<readonly Attendee[]> {
    const found = new Map<string, Attendee>();
    for (const { externalId: user, displayName: name } of await this.#people(meeting)) {
      if (typeof user !== 'string' || typeof name !== 'string' || !USER.test(user)) continue;
      found.set(user, { user, name });
    }
    return [...found.values()];
  }

  /** @throws ApiError */
  async keepUntil(id: string, retainUntil: string | null): Promise<RecordingDetails> {
    return checked(await this.#api.call('PATCH', pathOf(id), { retainUntil }));
  }

  /**
   * Opens it to everybody who was in the meeting, or closes it again.
   * @throws ApiError
   */
  async share(
    id: string,
    access: { participants: boolean; users: readonly string[] },
  ): Promise<RecordingDetails> {
    return checked(await this.#api.call('PATCH', pathOf(id), { access }));
  }

  /**
   * A link that opens the film without an account until it ends; its address is told this once.
   * @throws ApiError
   */
  async makeLink(id: string, expiresInSeconds: number): Promise<WatchLink & { readonly url: string }> {
    const body = await this.#api.call('POST', `${pathOf(id)}/links`, { expiresInSeconds });
    if (!isLink(body) || typeof (body as { url?: unknown }).url !== 'string') throw unreadable();
    return body as WatchLink & { readonly url: string };
  }

  /** @throws ApiError */
  async links(id: string): Promise<readonly WatchLink[]> {
    const { items } = ((await this.#api.call('GET', `${pathOf(id)}/links`)) ?? {}) as { items?: unknown };
    if (!Array.isArray(items) || !items.every(isLink)) throw unreadable();
    return items;
  }

  /** @throws ApiError */
  async takeBack(id: string, link: string): Promise<void> {
    await this.#api.call('DELETE', `${pathOf(id)}/links/${encodeURIComponent(link)}`);
  }

  /**
   * Who was given links, newest first.
   * @throws ApiError
   */
  async accessLog(
    id: string,
    cursor: string | null = null,
  ): Promise<{ readonly items: readonly AccessEntry[]; readonly nextCursor: string | null }> {
    const more = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const body = await this.#api.call('GET', `${pathOf(id)}/access-log?limit=20${more}`);
    const { items, nextCursor } = (body ?? {}) as { items?: unknown; nextCursor?: string | null };
    if (!Array.isArray(items) || !items.every(isAccess)) throw unreadable();
    return { items, nextCursor: nextCursor ?? null };
  }

  /**
   * Gives the film of what is being recorded another layout from now on.
   * @throws ApiError
   */
  async arrange(id: string, layout: FilmLayout): Promise<RecordingDetails> {
    return checked(await this.#api.call('PATCH', pathOf(id), { layout }));
  }

  /**
   * Has another film made; without a layout it has those that hosts chose while it was recorded.
   * @throws ApiError
   */
  async compose(id: string, layout: FilmLayout | null): Promise<void> {
    await this.#api.call('POST', `${pathOf(id)}/compositions`, { layout });
  }

  async #people(meeting: string): Promise<readonly Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
      const path = `/meetings/${encodeURIComponent(meeting)}/participants${more}`;
      const page = ((await this.#api.call('GET', path)) ?? {}) as {
        items?: readonly Record<string, unknown>[];
        nextCursor?: string | null;
      };
      if (!Array.isArray(page.items)) throw unreadable();
      found.push(...(page.items as readonly Record<string, unknown>[]));
      cursor = page.nextCursor ?? null;
    } while (cursor !== null);
    return found;
  }

  /** @throws ApiError */
  async delete(id: string): Promise<RecordingDetails> {
    return checked(await this.#api.call('DELETE', pathOf(id)));
  }
}

function pathOf(id: string): string {
  return `/recordings/${encodeURIComponent(id)}`;
}

function checked(body: unknown): RecordingDetails {
  if (!isRecording(body)) throw unreadable();
  return body;
}

function isRecording(value: unknown): value is RecordingDetails {
  if (typeof value !== 'object' || value === null) return false;
  const { id, state, requestedAt, progress, access } = value as Record<string, unknown>;
  const isText = [id, state, requestedAt].every((one) => typeof one === 'string');
  return isText && typeof progress === 'number' && typeof access === 'object' && access !== null;
}

function isLink(value: unknown): value is WatchLink {
  const { id, expiresAt } = (value ?? {}) as Record<string, unknown>;
  return typeof id === 'string' && typeof expiresAt === 'string';
}

function isAccess(value: unknown): value is AccessEntry {
  const { at, by, kinds, requestId } = (value ?? {}) as Record<string, unknown>;
  return [at, by, requestId].every((one) => typeof one === 'string') && Array.isArray(kinds);
}

function unreadable(): ApiError {
  return new ApiError('unexpected', 'the API answered something else than its contract says', {
    status: 200,
  });
}
