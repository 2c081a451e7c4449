/**
 * AudioOutput: plays the audio slots through hidden elements.
 *
 * Owns the elements and whether the browser lets them play. Browsers hold back sound until the person clicked once:
 * https://developer.chrome.com/blog/autoplay
 */
import type { AudioOutput as AudioOutputControls } from './types.ts';

export class AudioOutput implements AudioOutputControls {
  readonly #onPlayback: (playback: 'playing' | 'blocked') => void;
  #elements: readonly HTMLAudioElement[] = [];
  #volume = 1;
  #sinkId = '';
  #blocked = false;

  constructor(onPlayback: (playback: 'playing' | 'blocked') => void) {
    this.#onPlayback = onPlayback;
  }

  get isBlocked(): boolean {
    return this.#blocked;
  }

  /** Replaces what is played, for a new connection. */
  play(tracks: readonly MediaStreamTrack[]): void {
    this.close();
    this.#elements = tracks.map((track) => {
      const element: HTMLAudioElement = document.createElement('audio');
      element.autoplay = true;
      element.hidden = true;
      element.volume = this.#volume;
      element.srcObject = new MediaStream([track]);
      // An element outside the document is collected by some browsers while it plays.
      document.body.append(element);
      return element;
    });
    if (this.#sinkId !== '') {
      // A remembered speaker may be unplugged by now; the default one plays then.
      this.setSink(this.#sinkId).catch(() => {
        this.#sinkId = '';
      });
    }
    this.resume();
  }

  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume));
    for (const element of this.#elements) element.volume = this.#volume;
  }

  async setSink(deviceId: string): Promise<void> {
    this.#sinkId = deviceId;
    // Safari has no choice of speakers: https://caniuse.com/mdn-api_htmlmediaelement_setsinkid
    if (!('setSinkId' in HTMLMediaElement.prototype)) return;
    await Promise.all(this.#elements.map((element) => element.setSinkId(deviceId)));
  }

  /** Tries to play everything. A refusal by the browser is a state, not an error. */
  resume(): void {
    this.#setBlocked(false);
    for (const element of this.#elements) {
      // The promise stays open until sound arrives, so it is not waited for.
      element.play().catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'NotAllowedError') this.#setBlocked(true);
      });
    }
  }

  close(): void {
    for (const element of this.#elements) {
      element.srcObject = null;
      element.remove();
    }
    this.#elements = [];
  }

  #setBlocked(blocked: boolean): void {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.#onPlayback(blocked ? 'blocked' : 'playing');
  }
}
