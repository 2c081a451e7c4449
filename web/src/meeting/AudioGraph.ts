/**
 * AudioGraph: plays tracks louder than they are, or with both ears hearing the same.
 *
 * Made only when somebody asks for one of these: plain elements cost less. Owns its context and plays nothing until it
 * was given tracks.
 */
export class AudioGraph {
  readonly #context = new AudioContext();
  readonly #out = new GainNode(this.#context);
  #inputs: readonly { readonly source: AudioNode; readonly gain: GainNode }[] = [];

  /** `onState` when it begins or ceases to be heard. */
  constructor(onState: () => void) {
    this.#out.connect(this.#context.destination);
    this.#context.onstatechange = onState;
  }

  /** A context that sleeps until the first click plays nothing. */
  get isRunning(): boolean {
    return this.#context.state === 'running';
  }

  play(tracks: readonly MediaStreamTrack[]): void {
    for (const { source, gain } of this.#inputs) {
      source.disconnect();
      gain.disconnect();
    }
    this.#inputs = tracks.map((track) => {
      const mediaStream = new MediaStream([track]);
      const source = new MediaStreamAudioSourceNode(this.#context, { mediaStream });
      const gain = new GainNode(this.#context);
      source.connect(gain).connect(this.#out);
      return { source, gain };
    });
  }

  /** In the order of the tracks; 1 leaves a track as it is. */
  setGains(gains: readonly number[]): void {
    this.#inputs.forEach(({ gain }, index) => {
      // A jump would click.
      gain.gain.setTargetAtTime(gains[index] ?? 1, this.#context.currentTime, 0.02);
    });
  }

  /** Mixes left and right, for people who hear with one ear. */
  setMono(isMono: boolean): void {
    this.#out.channelCountMode = isMono ? 'explicit' : 'max';
    this.#out.channelCount = isMono ? 1 : 2;
  }

  /** In Chromium since 110; elsewhere the default speaker plays. */
  async setSink(deviceId: string): Promise<void> {
    const context = this.#context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    await context.setSinkId?.(deviceId);
  }

  /**
   * While a phone call interrupts it Safari refuses, and is not to be asked: it goes on by itself, or is suspended afterwards.
   *
   * @see https://github.com/WebAudio/web-audio-api/issues/2392
   */
  async resume(): Promise<void> {
    if (this.#context.state === 'suspended') await this.#context.resume();
  }

  close(): void {
    this.#context.onstatechange = null;
    void this.#context.close();
  }
}
