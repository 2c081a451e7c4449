/**
 * LocalMedia: this computer's microphone and camera, and the devices to choose from.
 *
 * Owns the tracks it captures. Never publishes them: a meeting is given the tracks. Each source is a small state
 * machine, off → starting → live or failed; a start that was overtaken by a stop or by another start is discarded.
 * What is live stays so until its successor is, so that nobody falls silent by choosing another microphone.
 */
import {
  cameraConstraints,
  classifyCaptureError,
  facingOf,
  isDeviceGone,
  microphoneConstraints,
  type Facing,
} from './capture.ts';
import { hearsOneMicrophone } from './browserFamily.ts';
import { defaultStorage, loadChoices, saveChoices, type Choices } from './choices.ts';
import { NO_DEVICES, canChooseSpeaker, sortDevices, type DeviceLists } from './devices.ts';
import { MicrophoneWatch } from './MicrophoneWatch.ts';
import { NoiseFilter, type NoiseFilterClient } from './NoiseFilter.ts';
import type { MicrophoneSignal } from './signal.ts';
import type {
  CaptureState,
  DeviceNotice,
  LocalMediaClient,
  LocalMediaSnapshot,
  MicrophoneMode,
} from './types.ts';

type Captured = 'microphone' | 'camera';

export interface LocalMediaOptions {
  readonly mediaDevices?: MediaDevices | undefined;
  readonly storage?: Storage | null;
  /** For tests: what the browser does with sound. */
  readonly audio?: AudioTools;
  readonly userAgent?: string;
}

export interface AudioTools {
  /** @throws Error when it cannot be had here. */
  readonly filter: (track: MediaStreamTrack) => Promise<NoiseFilterClient>;
  readonly watch: (track: MediaStreamTrack, onSignal: (signal: MicrophoneSignal) => void) => Closable;
  readonly hasSinks: () => boolean;
}

interface Closable {
  close(): void;
}

/** One source that is live. */
interface Capture {
  readonly device: MediaStreamTrack;
  readonly filter: NoiseFilterClient | null;
  readonly watch: Closable | null;
}

const OFF: CaptureState = { kind: 'off' };

const BROWSER_AUDIO: AudioTools = {
  filter: (track) => NoiseFilter.open(track),
  watch: (track, onSignal) => new MicrophoneWatch(track, onSignal),
  hasSinks: () => 'setSinkId' in HTMLMediaElement.prototype,
};

export class LocalMedia implements LocalMediaClient {
  readonly #mediaDevices: MediaDevices | undefined;
  readonly #storage: Storage | null;
  readonly #listeners = new Set<() => void>();
  /** One per source, counts starts and stops: a capture that comes back under an old number is not wanted. */
  readonly #turns: Record<Captured, number> = { microphone: 0, camera: 0 };
  readonly #states: Record<Captured, CaptureState> = { microphone: OFF, camera: OFF };
  readonly #captures: Record<Captured, Capture | null> = { microphone: null, camera: null };
  /** The turns whose devices are being opened; 0 for none. */
  readonly #opening: Record<Captured, number> = { microphone: 0, camera: 0 };
  /** The chosen device vanished or is not there yet: another one stands in for it. */
  readonly #isStandIn: Record<Captured, boolean> = { microphone: false, camera: false };
  readonly #audio: AudioTools;
  readonly #hearsOneMicrophone: boolean;
  /** Set by a flip, which no choice of a device outlives. */
  #facing: Facing | null = null;
  #signal: MicrophoneSignal = 'unknown';
  #notice: DeviceNotice | null = null;
  #choices: Choices;
  #devices: DeviceLists = NO_DEVICES;
  #snapshot: LocalMediaSnapshot;

  constructor(options: LocalMediaOptions = {}) {
    // An insecure page has no mediaDevices, whatever the types say.
    this.#mediaDevices = 'mediaDevices' in options ? options.mediaDevices : navigator.mediaDevices;
    this.#storage = options.storage === undefined ? defaultStorage() : options.storage;
    this.#audio = options.audio ?? BROWSER_AUDIO;
    this.#hearsOneMicrophone = hearsOneMicrophone(options.userAgent ?? navigator.userAgent);
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

  async flipCamera(): Promise<void> {
    const now = this.#cameraFacing();
    this.#facing = now === 'environment' ? 'user' : 'environment';
    // Phones open one camera at a time, and say so in many ways: the one of now makes room first.
    this.#release('camera');
    if (this.#states.camera.kind !== 'off') await this.#start('camera', null);
  }

  chooseSpeaker(deviceId: string | null): void {
    this.#remember({ ...this.#choices, speaker: deviceId });
  }

  async probeMicrophone(deviceId: string): Promise<MediaStreamTrack | null> {
    if (this.#hearsOneMicrophone) return null;
    try {
      const constraints = { audio: { deviceId: { exact: deviceId } } };
      return (await this.#mediaDevices?.getUserMedia(constraints))?.getAudioTracks()[0] ?? null;
    } catch {
      // Its level stays at nothing; choosing it will say what is wrong.
      return null;
    }
  }

  async chooseMicrophoneMode(microphoneMode: MicrophoneMode): Promise<void> {
    this.#remember({ ...this.#choices, microphoneMode });
    const state = this.#states.microphone;
    // The one in use is opened anew, which may stand in for the one that was chosen.
    if (state.kind === 'live') await this.#start('microphone', state.deviceId === '' ? null : state.deviceId);
    else if (state.kind !== 'off') await this.#start('microphone');
  }

  close(): void {
    this.#mediaDevices?.removeEventListener('devicechange', this.#refreshDevices);
    this.#stop('microphone');
    this.#stop('camera');
    this.#listeners.clear();
  }

  async #choose(source: Captured, deviceId: string | null): Promise<void> {
    if (source === 'camera') this.#facing = null;
    const { [source]: before } = this.#choices;
    this.#remember({ ...this.#choices, [source]: deviceId });
    if (this.#states[source].kind === 'off') return;
    const told = this.#notice;
    await this.#start(source);
    const isKept = this.#notice !== told && (this.#notice?.kind === 'kept' || this.#notice?.kind === 'busy');
    // What did not start is not what is used, nor what the next visit should begin with.
    if (isKept && this.#choices[source] === deviceId) this.#remember({ ...this.#choices, [source]: before });
  }

  #remember(choices: Choices): void {
    this.#choices = choices;
    saveChoices(this.#storage, choices);
    this.#publish();
  }

  /** @param former The device that made room for this one, which is taken again when this one does not start. */
  async #start(
    source: Captured,
    deviceId = this.#choices[source],
    former: string | null = null,
  ): Promise<MediaStreamTrack | null> {
    const turn = (this.#turns[source] += 1);
    this.#opening[source] = turn;
    if (this.#captures[source] === null) this.#setState(source, { kind: 'starting' });
    try {
      const device = await this.#open(source, deviceId, turn);
      const filter = source === 'microphone' ? await this.#filter(device) : null;
      if (turn !== this.#turns[source]) {
        filter?.close();
        device.stop();
        return null;
      }
      this.#opening[source] = 0;
      return this.#use(source, device, filter);
    } catch (error) {
      if (turn !== this.#turns[source]) return null;
      this.#opening[source] = 0;
      return this.#handleRefusal(source, deviceId, former, error);
    }
  }

  #use(source: Captured, device: MediaStreamTrack, filter: NoiseFilterClient | null): MediaStreamTrack {
    this.#release(source);
    const track = filter?.track ?? device;
    this.#captures[source] = { device, filter, watch: source === 'microphone' ? this.#watch(track) : null };
    this.#isStandIn[source] = false;
    this.#setState(source, { kind: 'live', track, deviceId: device.getSettings().deviceId ?? '' });
    device.onended = () => {
      void this.#handleEnded(source, device);
    };
    // Labels and ids are hidden until a capture was allowed.
    this.#refreshDevices();
    return track;
  }

  async #handleRefusal(
    source: Captured,
    deviceId: string | null,
    former: string | null,
    error: unknown,
  ): Promise<MediaStreamTrack | null> {
    const code = classifyCaptureError(error);
    const state = this.#states[source];
    if (former !== null) {
      const track = await this.#start(source, former);
      if (track !== null) this.#notify(code === 'in_use' ? 'busy' : 'kept', source);
      return track;
    }
    if (state.kind !== 'live') {
      this.#setState(source, { kind: 'failed', error: code });
      return null;
    }
    if (code === 'in_use') {
      // Some systems open one device of a kind at a time: the old one makes room.
      this.#release(source);
      return this.#start(source, deviceId, state.deviceId);
    }
    this.#notify('kept', source);
    return state.track;
  }

  /** Where nothing is open yet, the system's default stands in for a device that is not there. */
  async #open(source: Captured, deviceId: string | null, turn: number): Promise<MediaStreamTrack> {
    try {
      return await this.#capture(source, deviceId);
    } catch (error) {
      const isOvertaken = turn !== this.#turns[source];
      if (deviceId === null || this.#captures[source] !== null || isOvertaken || !isDeviceGone(error))
        throw error;
      return this.#capture(source, null);
    }
  }

  async #capture(source: Captured, deviceId: string | null): Promise<MediaStreamTrack> {
    if (this.#mediaDevices === undefined) throw new TypeError('capture needs a secure page');
    const constraints =
      source === 'microphone'
        ? microphoneConstraints(deviceId, this.#choices.microphoneMode)
        : cameraConstraints(this.#facing === null ? deviceId : null, this.#facing);
    const stream = await this.#mediaDevices.getUserMedia(constraints);
    const track = stream.getTracks()[0];
    if (track === undefined) throw new DOMException('the stream has no track', 'NotFoundError');
    if (source === 'microphone' && this.#choices.microphoneMode === 'music') track.contentHint = 'music';
    return track;
  }

  async #filter(device: MediaStreamTrack): Promise<NoiseFilterClient | null> {
    if (this.#choices.microphoneMode !== 'quiet') return null;
    try {
      return await this.#audio.filter(device);
    } catch {
      // Whatever keeps it away, an old browser or a broken download: a voice with noise is better than none.
      await device.applyConstraints({ noiseSuppression: true }).catch(() => undefined);
      this.#notify('no_noise_filter', 'microphone');
      return null;
    }
  }

  #watch(track: MediaStreamTrack): Closable | null {
    try {
      return this.#audio.watch(track, (signal) => {
        this.#signal = signal;
        this.#publish();
      });
    } catch {
      // Without an audio graph the signal stays unknown.
      return null;
    }
  }

  /** `ended` comes by itself only: unplugged, or the permission was taken away. Our own stop() is silent. */
  async #handleEnded(source: Captured, device: MediaStreamTrack): Promise<void> {
    if (this.#captures[source]?.device !== device) return;
    this.#release(source);
    if (this.#opening[source] !== 0) {
      // Safari ends a microphone as soon as another one is opened: what was chosen takes its place.
      this.#setState(source, { kind: 'starting' });
      return;
    }
    const track = await this.#start(source, null);
    this.#isStandIn[source] = this.#choices[source] !== null;
    if (track !== null) this.#notify('replaced', source);
  }

  /** The chosen device is plugged in again, or switched on at last. */
  async #takeBack(source: Captured): Promise<void> {
    const chosen = this.#choices[source];
    const list = source === 'microphone' ? this.#devices.microphones : this.#devices.cameras;
    const { kind } = this.#states[source];
    // What is off stays off, and who flipped the camera wants the other one.
    if ((kind !== 'live' && kind !== 'failed') || (source === 'camera' && this.#facing !== null)) return;
    if (!list.some(({ id }) => id === chosen)) {
      // Without a permission devices have no ids: that says nothing.
      if (chosen !== null && list.length > 0) this.#isStandIn[source] = true;
      return;
    }
    if (!this.#isStandIn[source]) return;
    this.#isStandIn[source] = false;
    if ((await this.#start(source)) !== null) this.#notify('returned', source);
  }

  #notify(kind: DeviceNotice['kind'], source: Captured): void {
    const label = this.#captures[source]?.device.label ?? '';
    this.#notice = { id: (this.#notice?.id ?? 0) + 1, kind, source, label };
    this.#publish();
  }

  #stop(source: Captured): void {
    this.#turns[source] += 1;
    this.#opening[source] = 0;
    this.#release(source);
    this.#setState(source, OFF);
  }

  #release(source: Captured): void {
    const capture = this.#captures[source];
    if (capture === null) return;
    this.#captures[source] = null;
    capture.watch?.close();
    capture.filter?.close();
    capture.device.onended = null;
    capture.device.stop();
    if (source === 'microphone') this.#signal = 'unknown';
  }

  readonly #refreshDevices = (): void => {
    void this.#mediaDevices?.enumerateDevices().then(
      (devices) => {
        this.#devices = sortDevices(devices);
        this.#publish();
        for (const source of ['microphone', 'camera'] as const) void this.#takeBack(source);
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

  #cameraFacing(): Facing | null {
    const track = this.#captures.camera?.device;
    return track === undefined ? this.#facing : facingOf(track);
  }

  #buildSnapshot(): LocalMediaSnapshot {
    const isPluggedIn = this.#devices.speakers.some(({ id }) => id === this.#choices.speaker);
    return {
      ...this.#states,
      ...this.#devices,
      canChooseSpeaker: canChooseSpeaker(this.#devices, this.#audio.hasSinks()),
      chosen: this.#choices,
      speaker: isPluggedIn ? this.#choices.speaker : null,
      microphoneSignal: this.#signal,
      canFlipCamera: this.#devices.cameras.length > 1 && this.#cameraFacing() !== null,
      notice: this.#notice,
    };
  }
}
