/**
 * LocalMedia: this computer's microphone and camera, and the devices to choose from.
 *
 * Owns the tracks it captures. Never publishes them: a meeting is given the tracks. Each source is a small state
 * machine, off → starting → live or failed; a start that was overtaken by a stop or by another start is discarded.
 */
import { cameraConstraints, classifyCaptureError, microphoneConstraints } from './capture.ts';
import { loadChoices, saveChoices, type Choices } from './choices.ts';
import { NO_DEVICES, sortDevices, type DeviceLists } from './devices.ts';
import type { CaptureState, LocalMediaClient, LocalMediaSnapshot } from './types.ts';

type Captured = 'microphone' | 'camera';

export interface LocalMediaOptions {
  readonly mediaDevices?: MediaDevices | undefined;
  readonly storage?: Storage | null;
}

const OFF: CaptureState = { kind: 'off' };

export class LocalMedia implements LocalMediaClient {
  readonly #mediaDevices: MediaDevices | undefined;
  readonly #storage: Storage | null;
  readonly #listeners = new Set<() => void>();
  /** One per source, counts starts and stops: a capture that comes back under an old number is not wanted. */
  readonly #turns: Record<Captured, number> = { microphone: 0, camera: 0 };
  readonly #states: Record<Captured, CaptureState> = { microphone: OFF, camera: OFF };
  #choices: Choices;
  #devices: DeviceLists = NO_DEVICES;
  #snapshot: LocalMediaSnapshot;

  constructor(options: LocalMediaOptions = {}) {
    // An insecure page has no mediaDevices, whatever the types say.
    this.#mediaDevices = 'mediaDevices' in options ? options.mediaDevices : navigator.mediaDevices;
    this.#storage = options.storage === undefined ? defaultStorage() : options.storage;
    this.#choices = loadChoices(this.#storage);
    this.#snapshot = this.#buildSnapshot();
    this.#mediaDevices?.addEventListener('devicechange', this.#refreshDevices);
    this.#refreshDevices();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): LocalMediaSnapshot => this.#snapshot;

  startMicrophone(): Promise<MediaStreamTrack | null> {
    return this.#start('microphone');
  }

  startCamera(): Promise<MediaStreamTrack | null> {
    return this.#start('camera');
  }

  stopMicrophone(): void {
    this.#stop('microphone');
  }

  stopCamera(): void {
    this.#stop('camera');
  }

  chooseMicrophone(deviceId: string | null): Promise<void> {
    return this.#choose('microphone', deviceId);
  }

  chooseCamera(deviceId: string | null): Promise<void> {
    return this.#choose('camera', deviceId);
  }

  chooseSpeaker(deviceId: string | null): void {
    this.#remember({ ...this.#choices, speaker: deviceId });
  }

  close(): void {
    this.#mediaDevices?.removeEventListener('devicechange', this.#refreshDevices);
    this.#stop('microphone');
    this.#stop('camera');
    this.#listeners.clear();
  }

  async #choose(source: Captured, deviceId: string | null): Promise<void> {
    this.#remember({ ...this.#choices, [source]: deviceId });
    if (this.#states[source].kind !== 'off') await this.#start(source);
  }

  #remember(choices: Choices): void {
    this.#choices = choices;
    saveChoices(this.#storage, choices);
    this.#publish();
  }

  async #start(source: Captured): Promise<MediaStreamTrack | null> {
    this.#stopTrack(source);
    const turn = (this.#turns[source] += 1);
    this.#setState(source, { kind: 'starting' });
    try {
      const track = await this.#capture(source);
      if (turn !== this.#turns[source]) {
        track.stop();
        return null;
      }
      this.#setState(source, { kind: 'live', track, deviceId: track.getSettings().deviceId ?? '' });
      track.onended = () => {
        this.#handleEnded(source, track);
      };
      // Labels and ids are hidden until a capture was allowed.
      this.#refreshDevices();
      return track;
    } catch (error) {
      if (turn === this.#turns[source]) {
        this.#setState(source, { kind: 'failed', error: classifyCaptureError(error) });
      }
      return null;
    }
  }

  async #capture(source: Captured): Promise<MediaStreamTrack> {
    if (this.#mediaDevices === undefined) throw new TypeError('capture needs a secure page');
    const constraints =
      source === 'microphone'
        ? microphoneConstraints(this.#choices.microphone)
        : cameraConstraints(this.#choices.camera);
    const stream = await this.#mediaDevices.getUserMedia(constraints);
    const track = stream.getTracks()[0];
    if (track === undefined) throw new DOMException('the stream has no track', 'NotFoundError');
    return track;
  }

  /** `ended` comes by itself only: unplugged, or the permission was taken away. Our own stop() is silent. */
  #handleEnded(source: Captured, track: MediaStreamTrack): void {
    const state = this.#states[source];
    if (state.kind !== 'live' || state.track !== track) return;
    this.#setState(source, { kind: 'failed', error: 'none_found' });
    this.#refreshDevices();
  }

  #stop(source: Captured): void {
    this.#turns[source] += 1;
    this.#stopTrack(source);
    this.#setState(source, OFF);
  }

  #stopTrack(source: Captured): void {
    const state = this.#states[source];
    if (state.kind === 'live') state.track.stop();
  }

  readonly #refreshDevices = (): void => {
    void this.#mediaDevices?.enumerateDevices().then(
      (devices) => {
        this.#devices = sortDevices(devices);
        this.#publish();
      },
      // Forbidden by policy: pickers stay empty, capture reports the reason when it is tried.
      () => undefined,
    );
  };

  #setState(source: Captured, state: CaptureState): void {
    if (this.#states[source] === state) return;
    this.#states[source] = state;
    this.#publish();
  }

  #publish(): void {
    this.#snapshot = this.#buildSnapshot();
    for (const listener of this.#listeners) listener();
  }

  #buildSnapshot(): LocalMediaSnapshot {
    return { ...this.#states, ...this.#devices, chosen: this.#choices };
  }
}

/** Reading `localStorage` itself throws where storage is forbidden. */
function defaultStorage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
