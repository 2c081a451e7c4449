/** RNNoise as a node of an audio graph. In a file of its own, so that it is loaded on demand. */
import { RnnoiseWorkletNode, loadRnnoise } from '@sapphi-red/web-noise-suppressor';
import simdUrl from '@sapphi-red/web-noise-suppressor/rnnoise_simd.wasm?url';
import plainUrl from '@sapphi-red/web-noise-suppressor/rnnoise.wasm?url';
import workletUrl from '@sapphi-red/web-noise-suppressor/rnnoiseWorklet.js?url';

/** @throws Error when worklet or network could not be loaded. */
export async function makeRnnoise(context: BaseAudioContext): Promise<AudioNode> {
  const [wasmBinary] = await Promise.all([
    loadRnnoise({ url: plainUrl, simdUrl }),
    context.audioWorklet.addModule(workletUrl),
  ]);
  // The package's types ask for an AudioContext; the node itself runs in an offline one as well.
  return new RnnoiseWorkletNode(context as AudioContext, { wasmBinary, maxChannels: 1 });
}
