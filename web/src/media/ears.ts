/** Ears: an audio graph of two nodes that hears a track, and plays nothing. */

export interface Ears {
  readonly context: AudioContext;
  readonly analyser: AnalyserNode;
}

/** Null where there can be no graph, as where a page has too many: nothing is heard then, which is all that is missing. */
export function openEars(track: MediaStreamTrack, fftSize: number): Ears | null {
  try {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize });
    const mediaStream = new MediaStream([track]);
    new MediaStreamAudioSourceNode(context, { mediaStream }).connect(analyser);
    return { context, analyser };
  } catch {
    return null;
  }
}

/**
 * Lets one hear that was made before any click. While a phone call interrupts it Safari refuses, and is not to be asked: it
 * goes on by itself, or is suspended afterwards.
 *
 * @see https://github.com/WebAudio/web-audio-api/issues/2392
 */
export function wake(context: AudioContext): void {
  if (context.state === 'suspended') context.resume().catch(() => undefined);
}
