/**
 * ScreenShare: the share of now, watched for what is on it.
 *
 * Owns the captured tracks, the sampler and the sharer's own choice. Says how the screen is to be encoded and never
 * touches a connection.
 */
import {
  ContentClassifier,
  ScreenSampler,
  captureScreen,
  classifyCaptureError,
  surfaceOf,
  type CellChanges,
  type Reading,
} from '../media/index.ts';
import { NO_CHANGE, screenShape, type ScreenChange, type ScreenShape } from '../rtc/index.ts';
import { MeetingError } from './errors.ts';
import type { ShareContent, ShareSnapshot } from './types.ts';

export interface ScreenShareEvents {
  /** Another way to encode, or another thing to say about the share. */
  readonly onChange: () => void;
  /** The browser's own "stop sharing", or the shared window was closed. */
  readonly onEnded: () => void;
  /** Its sound ended by itself, and the picture goes on. */
  readonly onAudioEnded: () => void;
}

/** What watches a track; tests bring their own. */
export type Watch = (track: MediaStreamTrack, onSample: (changes: CellChanges) => void) => { close(): void };

interface Active {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack | null;
  readonly classifier: ContentClassifier;
  readonly sampler: { close(): void };
}

/** Frame rates that follow every twitch of a region would be a flicker of settings. */
const MIN_SHAPE_MS = 1_000;
/** 500 kbit/s make a page of text sharp within this time. */
const SHARPEN_MS = 1_200;

export class ScreenShare {
  readonly #events: ScreenShareEvents;
  readonly #watch: Watch;
  readonly #now: () => number;
  #active: Active | null = null;
  #chosen: ShareContent = 'auto';
  #change: ScreenChange = NO_CHANGE;
  #newPictureAt = -Infinity;
  #shapedAt = -Infinity;
  #shape: ScreenShape = screenShape('text', NO_CHANGE);
  #snapshot: ShareSnapshot | null = null;

  constructor(
    events: ScreenShareEvents,
    watch: Watch = (track, onSample) => new ScreenSampler(track, onSample),
    now: () => number = () => performance.now(),
  ) {
    this.#events = events;
    this.#watch = watch;
    this.#now = now;
  }

  get video(): MediaStreamTrack | null {
    return this.#active?.video ?? null;
  }

  get audio(): MediaStreamTrack | null {
    return this.#active?.audio ?? null;
  }

  get shape(): ScreenShape {
    return this.#shape;
  }

  /** Null while nothing is shared. */
  get snapshot(): ShareSnapshot | null {
    return this.#snapshot;
  }

  /** Takes the place of an earlier share. @returns false when the stream holds no picture. */
  start(stream: MediaStream, chosen: ShareContent): boolean {
    const [video] = stream.getVideoTracks();
    if (video === undefined) return false;
    this.stop();
    const classifier = new ContentClassifier(this.#now());
    const sampler = this.#watch(video, (changes) => {
      this.#handleReading(classifier.handleSample(changes, this.#now()));
    });
    const audio = stream.getAudioTracks()[0] ?? null;
    this.#active = { video, audio, classifier, sampler };
    this.#chosen = chosen;
    video.onended = this.#events.onEnded;
    if (audio !== null) audio.onended = this.#handleAudioEnded;
    // The browser's bar offers to share another tab through the same track.
    video.addEventListener('configurationchange', this.#handleNewSurface);
    this.#settle(true);
    return true;
  }

  /** The sharer knows better. */
  choose(chosen: ShareContent): void {
    this.#chosen = chosen;
    if (this.#active !== null) this.#settle(true);
  }

  stop(): void {
    const active = this.#active;
    if (active === null) return;
    this.#active = null;
    active.sampler.close();
    active.video.onended = null;
    active.video.removeEventListener('configurationchange', this.#handleNewSurface);
    active.video.stop();
    if (active.audio !== null) active.audio.onended = null;
    active.audio?.stop();
    this.#snapshot = null;
    this.#change = NO_CHANGE;
    this.#newPictureAt = -Infinity;
  }

  readonly #handleAudioEnded = (): void => {
    if (this.#active === null) return;
    this.#active = { ...this.#active, audio: null };
    this.#events.onAudioEnded();
  };

  readonly #handleNewSurface = (): void => {
    this.#active?.classifier.reset(this.#now());
    this.#settle(true);
  };

  #handleReading({ region, isNewPicture }: Reading): void {
    if (isNewPicture) {
      this.#newPictureAt = this.#now();
      // It does not wait for its turn.
      this.#shapedAt = -Infinity;
    }
    const isSharpening = this.#now() - this.#newPictureAt < SHARPEN_MS;
    this.#change = { ...(region ?? NO_CHANGE), isNewPicture: isSharpening };
    this.#settle(false);
  }

  /** Tells of a new shape; one that differs in its frame rate alone has to wait its turn. */
  #settle(isUrgent: boolean): void {
    const { video, classifier } = this.#active ?? {};
    if (video === undefined || classifier === undefined) return;
    const content = this.#chosen === 'auto' ? classifier.content : this.#chosen;
    const isNewContent = content !== this.#snapshot?.content;
    const shape = screenShape(content, this.#change);
    const isNewShape = shape.maxFramerate !== this.#shape.maxFramerate || isNewContent;
    const isDue = isUrgent || isNewContent || this.#now() - this.#shapedAt >= MIN_SHAPE_MS;
    if (!isUrgent && !(isNewShape && isDue)) return;
    this.#shapedAt = this.#now();
    this.#shape = shape;
    if (video.contentHint !== shape.contentHint) video.contentHint = shape.contentHint;
    this.#snapshot = { content, chosen: this.#chosen, surface: surfaceOf(video) };
    this.#events.onChange();
  }
}

/** @throws MeetingError */
export async function askForScreen(): Promise<MediaStream> {
  try {
    return await captureScreen();
  } catch (cause) {
    const denied = classifyCaptureError(cause) === 'denied' || classifyCaptureError(cause) === 'dismissed';
    throw new MeetingError(denied ? 'share_denied' : 'share_unsupported', 'nothing was shared', { cause });
  }
}
