/**
 * NoiseFilter: a microphone's track with everything but the voice taken out by RNNoise.
 *
 * Owns an audio graph and the filtered track, not the microphone. Loaded only when it is switched on: the network of
 * RNNoise is larger than the rest of the SDK. Source: https://jmvalin.ca/demo/rnnoise/
 */
import { wake } from './ears.ts';

/** RNNoise knows one rate only. */
const SAMPLE_RATE = 48_000;

export interface NoiseFilterClient {
  readonly track: MediaStreamTrack;
  close(): void;
}

export class NoiseFilter implements NoiseFilterClient {
  readonly track: MediaStreamTrack;
  readonly #context: AudioContext;

  private constructor(context: AudioContext, track: MediaStreamTrack) {
    this.#context = context;
    this.track = track;
  }

  /** @throws Error when the browser has no worklets, or the network could not be loaded. */
  static async open(microphone: MediaStreamTrack): Promise<NoiseFilter> {
    const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
    try {
      const { makeRnnoise } = await import('./rnnoise.ts');
      const voice = await makeRnnoise(context);
      const source = new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([microphone]) });
      const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
      source.connect(voice).connect(out);
      const [track] = out.stream.getAudioTracks();
      if (track === undefined) throw new Error('the audio graph has no output');
      track.contentHint = 'speech';
      // Before the first click a context may sleep; capture was allowed, so that it may usually run. So after a phone call.
      context.onstatechange = () => {
        wake(context);
      };
      wake(context);
      return new NoiseFilter(context, track);
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  close(): void {
    this.track.stop();
    this.#context.onstatechange = null;
    void this.#context.close();
  }
}
