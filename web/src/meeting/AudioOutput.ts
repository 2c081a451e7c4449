/**
 * AudioOutput: plays the audio slots through hidden elements.
 *
 * Owns the elements and whether the browser lets them play. Browsers hold back sound until the person clicked once:
 * https://developer.chrome.com/blog/autoplay
 */
import type { Slot } from '../protocol/index.ts';
import { AudioGraph } from './AudioGraph.ts';
import type { AudioOutput as AudioOutputControls } from './types.ts';

export interface PlayedSlot {
  readonly slot: Slot;
  readonly track: MediaStreamTrack;
}

export class AudioOutput implements AudioOutputControls {
  readonly #onPlayback: (playback: 'playing' | 'blocked') => void;
  readonly #makeGraph: (onState: () => void) => AudioGraph;
  #slots: readonly PlayedSlot[] = [];
  #elements: readonly HTMLAudioElement[] = [];
  /** Only while somebody is to be louder than they are, or both ears are to hear the same; on iPhones quieter as well. */
  #graph: AudioGraph | null = null;
  #gains: ReadonlyMap<Slot, number> = new Map();
  #isMono = false;
  #isVolumeFixed = false;
  #volume = 1;
  #sinkId = '';
  #blocked = false;

  constructor(
    onPlayback: (playback: 'playing' | 'blocked') => void,
    makeGraph: (onState: () => void) => AudioGraph = (onState) => new AudioGraph(onState),
  ) {
    this.#onPlayback = onPlayback;
    this.#makeGraph = makeGraph;
  }

  get isBlocked(): boolean {
    return this.#blocked;
  }

  /** Replaces what is played, for a new connection. */
  play(slots: readonly PlayedSlot[]): void {
    this.close();
    this.#slots = slots;
    this.#elements = slots.map(({ track }) => {
      const element: HTMLAudioElement = document.createElement('audio');
      element.autoplay = true;
      element.hidden = true;
      this.#isVolumeFixed = isVolumeFixed(element);
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
    this.#settle();
  }

  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume));
    this.#settle();
  }

  setMono(isMono: boolean): void {
    this.#isMono = isMono;
    this.#settle();
  }

  /** How much louder or quieter than it is each slot plays; 1 where nothing is said. */
  setGains(gains: ReadonlyMap<Slot, number>): void {
    this.#gains = gains;
    this.#settle();
  }

  async setSink(deviceId: string): Promise<void> {
    this.#sinkId = deviceId;
    // Safari has no choice of speakers: https://caniuse.com/mdn-api_htmlmediaelement_setsinkid
    if (!('setSinkId' in HTMLMediaElement.prototype)) return;
    await Promise.all(this.#elements.map((element) => element.setSinkId(deviceId)));
    await this.#graph?.setSink(deviceId);
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
    this.#wakeGraph();
  }

  close(): void {
    this.#graph?.close();
    this.#graph = null;
    this.#slots = [];
    for (const element of this.#elements) {
      element.srcObject = null;
      element.remove();
    }
    this.#elements = [];
  }

  /** Elements play on beside a graph, muted: Chromium feeds remote sound into a graph only while one does. */
  #settle(): void {
    const gains = this.#slots.map(({ slot }) => this.#volume * (this.#gains.get(slot) ?? 1));
    const isBeyondElements = (gain: number): boolean => (this.#isVolumeFixed ? gain !== 1 : gain > 1);
    const needsGraph = this.#slots.length > 0 && (this.#isMono || gains.some(isBeyondElements));
    if (needsGraph && this.#graph === null) this.#openGraph();
    if (!needsGraph && this.#graph !== null) {
      this.#graph.close();
      this.#graph = null;
    }
    this.#graph?.setMono(this.#isMono);
    this.#graph?.setGains(gains);
    const isGraphHeard = this.#graph?.isRunning ?? false;
    this.#elements.forEach((element, index) => {
      element.volume = Math.min(1, gains[index] ?? 1);
      element.muted = isGraphHeard || gains[index] === 0;
    });
  }

  #openGraph(): void {
    const graph = this.#makeGraph(() => {
      if (this.#graph !== graph) return;
      // Interrupted by a phone call it is silent, and suspended when that is over.
      this.#settle();
      if (!graph.isRunning) this.#wakeGraph();
    });
    this.#graph = graph;
    graph.play(this.#slots.map(({ track }) => track));
    if (this.#sinkId === '') this.#wakeGraph();
    else
      graph.setSink(this.#sinkId).then(
        () => {
          this.#wakeGraph();
        },
        () => undefined,
      );
  }

  /** Where it may not run or has no such speaker, the elements go on as loud as they can. */
  #wakeGraph(): void {
    const graph = this.#graph;
    graph?.resume().then(
      () => {
        if (this.#graph === graph) this.#settle();
      },
      () => undefined,
    );
  }

  #setBlocked(blocked: boolean): void {
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.#onPlayback(blocked ? 'blocked' : 'playing');
  }
}

/**
 * Whether its loudness is the device's own, as on iPhones and iPads, which keep it at 1 whatever is set.
 *
 * @see https://caniuse.com/mdn-api_htmlmediaelement_volume
 */
function isVolumeFixed(element: HTMLMediaElement): boolean {
  element.volume = 0.5;
  return element.volume !== 0.5;
}
