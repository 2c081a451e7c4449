/**
 * ScreenSampler: looks at what is shared ten times a second and says which cells changed.
 *
 * Owns a copy of the track and, where the browser can read frames off the main thread, a worker; elsewhere a hidden
 * video. Never decides anything.
 *
 * @see https://w3c.github.io/mediacapture-transform/#track-processor
 */
import { SAMPLE_HZ } from './ContentClassifier.ts';
import { FrameComparison } from './FrameComparison.ts';
import type { CellChanges } from './frameChange.ts';

/** In Chromium's windows since 94; TypeScript's DOM types do not have it. */
interface Processor {
  readonly readable: ReadableStream<VideoFrame>;
}
type ProcessorClass = new (options: { readonly track: MediaStreamTrack }) => Processor;

export class ScreenSampler {
  readonly #stop: () => void;

  constructor(track: MediaStreamTrack, onSample: (changes: CellChanges) => void) {
    const copy = track.clone();
    const Class = (globalThis as { MediaStreamTrackProcessor?: ProcessorClass }).MediaStreamTrackProcessor;
    const stop =
      Class === undefined ? watchHere(copy, onSample) : watchInWorker(new Class({ track: copy }), onSample);
    this.#stop = () => {
      stop();
      copy.stop();
    };
  }

  close(): void {
    this.#stop();
  }
}

function watchInWorker({ readable }: Processor, onSample: (changes: CellChanges) => void): () => void {
  const worker = new Worker(new URL('./sampler.worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<CellChanges>) => {
    onSample(data);
  };
  worker.postMessage({ frames: readable }, [readable]);
  return () => {
    worker.terminate();
  };
}

function watchHere(track: MediaStreamTrack, onSample: (changes: CellChanges) => void): () => void {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  // A picture that may not play is not classified; it stays what it is taken for at first.
  video.play().catch(() => undefined);
  const comparison = new FrameComparison();
  const timer = setInterval(() => {
    onSample(comparison.next(video.readyState >= video.HAVE_CURRENT_DATA ? video : null));
  }, 1000 / SAMPLE_HZ);
  return () => {
    clearInterval(timer);
    video.srcObject = null;
  };
}
