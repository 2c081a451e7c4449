/** MicrophoneWatch: follows what comes out of a captured microphone, muted or not. Never plays anything. */
import { SignalDetector, decibelsOf, type MicrophoneSignal } from './signal.ts';

const INTERVAL_MS = 100;
/** 85 ms at 48 kHz: nearly all of an interval is heard. */
const WINDOW = 4096;

export class MicrophoneWatch {
  readonly #context = new AudioContext();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(track: MediaStreamTrack, onSignal: (signal: MicrophoneSignal) => void) {
    const analyser = new AnalyserNode(this.#context, { fftSize: WINDOW });
    new MediaStreamAudioSourceNode(this.#context, { mediaStream: new MediaStream([track]) }).connect(
      analyser,
    );
    const detector = new SignalDetector();
    const samples = new Float32Array(WINDOW);
    let last: MicrophoneSignal = 'unknown';
    this.#timer = setInterval(() => {
      // A context that sleeps until the first click hears nothing, which says nothing of the microphone.
      if (this.#context.state !== 'running') {
        void this.#context.resume();
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
    void this.#context.close();
  }
}
