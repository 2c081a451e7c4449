/** MicrophoneWatch: follows what comes out of a captured microphone, muted or not. Never plays anything. */
import { openEars, wake, type Ears } from './ears.ts';
import { SignalDetector, decibelsOf, type MicrophoneSignal } from './signal.ts';

const INTERVAL_MS = 100;
/** 85 ms at 48 kHz: nearly all of an interval is heard. */
const WINDOW = 4096;

export class MicrophoneWatch {
  /** Made at the first look: to begin with, the page shows what was captured. */
  #ears: Ears | null = null;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(track: MediaStreamTrack, onSignal: (signal: MicrophoneSignal) => void) {
    const detector = new SignalDetector();
    const samples = new Float32Array(WINDOW);
    let last: MicrophoneSignal = 'unknown';
    this.#timer = setInterval(() => {
      this.#ears ??= openEars(track, WINDOW);
      if (this.#ears === null) {
        this.close();
        return;
      }
      const { context, analyser } = this.#ears;
      // A context that sleeps until the first click hears nothing, which says nothing of the microphone.
      if (context.state !== 'running') {
        wake(context);
        return;
      }
      analyser.getFloatTimeDomainData(samples);
      const signal = detector.handleLevel(track.muted ? -Infinity : decibelsOf(samples), performance.now());
      if (signal === last) return;
      last = signal;
      onSignal(signal);
    }, INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    void this.#ears?.context.close();
  }
}
