/**
 * Watches a shared picture off the main thread, also while its page is in the background, where timers and
 * requestVideoFrameCallback sleep. Sends the changed cells ten times a second; keeps no picture but the last small one.
 */
import { FrameComparison } from './FrameComparison.ts';
import { SAMPLE_HZ } from './ContentClassifier.ts';

let latest: VideoFrame | null = null;
const comparison = new FrameComparison();

self.onmessage = ({ data }: MessageEvent<{ readonly frames: ReadableStream<VideoFrame> }>) => {
  void watch(data.frames);
};

async function watch(frames: ReadableStream<VideoFrame>): Promise<void> {
  const timer = setInterval(() => {
    const changes = comparison.next(latest);
    latest?.close();
    latest = null;
    self.postMessage(changes);
  }, 1000 / SAMPLE_HZ);
  const reader = frames.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    // A frame that is held keeps a place in the capture's small pool.
    latest?.close();
    latest = value;
  }
  clearInterval(timer);
}
