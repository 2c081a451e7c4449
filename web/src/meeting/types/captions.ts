/** Captions: lines of what is said, and what turns speech into them. */
import type { ParticipantId } from './people.ts';

/** One line of what is said. The same `id` again is the same line, grown while it is spoken. */
export interface CaptionLine {
  readonly id: string;
  readonly from: ParticipantId;
  readonly displayName: string;
  readonly text: string;
  readonly isFinal: boolean;
  readonly at: string;
}

/**
 * Turns speech into text. Bring one of your own: the browser's, a model in a worker, a service. It hears one's own
 * microphone, while it is not muted and one may write captions; what it recognises is sent to everyone.
 */
export interface CaptionProvider {
  /** `language` as BCP 47, empty when the app did not say. What it throws ends recognition as `failed`. */
  start(input: SpeechInput, handlers: SpeechHandlers): SpeechSession;
}

export interface SpeechInput {
  readonly track: MediaStreamTrack;
  readonly language: string;
}

export interface SpeechHandlers {
  /** The words so far of the sentence of now, all of them each time; after `isFinal` the next sentence begins. */
  readonly onResult: (result: { readonly text: string; readonly isFinal: boolean }) => void;
  /** It cannot go on. */
  readonly onError: (error: Error) => void;
}

export interface SpeechSession {
  /** The track is muted, replaced, or gone. Results that come later are not used. */
  stop(): void;
}

/** `paused` while one is muted or may not write. */
export type SpeechState = 'off' | 'paused' | 'listening' | 'failed';

export interface CaptionControls {
  /** Sends what was typed, in lines of at most 500 letters. */
  write(text: string): void;
  /** Hosts and cohosts: gives somebody the right to write captions, or takes it. */
  allow(participant: ParticipantId, isAllowed: boolean): void;
  /** Recognises one's own speech from now on, or (null) no longer. */
  setProvider(provider: CaptionProvider | null, language?: string): void;
}
