/** What a user of local media sees. Owns no behaviour. */
import type { MicrophoneSignal } from './signal.ts';

export type MediaErrorCode =
  /** The person or the browser's policy said no. */
  | 'denied'
  /** The person closed the prompt without an answer. */
  | 'dismissed'
  /** No such device is plugged in. */
  | 'none_found'
  /** Another program holds the device, or it failed to start. */
  | 'in_use'
  /** The device exists but cannot do what was asked for. */
  | 'constraint'
  /** Not a secure context, or a browser without capture. */
  | 'unsupported'
  | 'unknown';

export interface DeviceInfo {
  readonly id: string;
  /** Empty until capture has been allowed once. */
  readonly label: string;
  /** The same for a headset's microphone and its speaker, which are one thing for people. */
  readonly group?: string;
}

export type CaptureState =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'live'; readonly track: MediaStreamTrack; readonly deviceId: string }
  | { readonly kind: 'failed'; readonly error: MediaErrorCode };

/**
 * How a microphone is treated: `voice` as browsers do by themselves, `quiet` with RNNoise, which leaves the voice alone,
 * `music` in stereo and untouched, for instruments and headphones.
 */
export type MicrophoneMode = 'voice' | 'quiet' | 'music';

/** Something that happened to a device by itself. */
export interface DeviceNotice {
  /** Grows with each notice, so that the same one twice is two. */
  readonly id: number;
  readonly kind:
    /** It was unplugged or died, and another one took its place. */
    | 'replaced'
    /** The chosen one is back and in use again. */
    | 'returned'
    /** The newly chosen one did not start: the one before goes on. */
    | 'kept'
    /** The newly chosen one is in use by another program: the one before goes on. */
    | 'busy'
    /** RNNoise could not be loaded: the browser's own suppression goes on. */
    | 'no_noise_filter';
  readonly source: 'microphone' | 'camera';
  /** Of the device that is used now; empty when the browser does not say. */
  readonly label: string;
}

export interface LocalMediaSnapshot {
  readonly microphone: CaptureState;
  readonly camera: CaptureState;
  readonly microphones: readonly DeviceInfo[];
  readonly cameras: readonly DeviceInfo[];
  readonly speakers: readonly DeviceInfo[];
  /** Until devices are listed, which takes a permission, whether this browser has a choice of speakers at all. */
  readonly canChooseSpeaker: boolean;
  /** What was chosen, remembered across visits; null is the system's default. */
  readonly chosen: {
    readonly microphone: string | null;
    readonly camera: string | null;
    readonly speaker: string | null;
    readonly microphoneMode: MicrophoneMode;
  };
  /** The speaker to play through now: the chosen one while it is plugged in, else null for the default. */
  readonly speaker: string | null;
  /** What comes out of the live microphone, muted or not. `speaking` while muted is worth a hint. */
  readonly microphoneSignal: MicrophoneSignal;
  /** A phone or tablet with a camera on each side. */
  readonly canFlipCamera: boolean;
  /** The latest one; null before the first. */
  readonly notice: DeviceNotice | null;
}

/** Captures microphone and camera and follows devices that come and go. */
export interface LocalMediaClient {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => LocalMediaSnapshot;
  /** Starts the chosen device; failures land in the snapshot, the promise does not reject. */
  startMicrophone(): Promise<MediaStreamTrack | null>;
  startCamera(): Promise<MediaStreamTrack | null>;
  /** Stops capture: the light of the device goes out. */
  stopMicrophone(): void;
  stopCamera(): void;
  /** Remembers the choice, and switches at once if that source is live. */
  chooseMicrophone(deviceId: string | null): Promise<void>;
  chooseCamera(deviceId: string | null): Promise<void>;
  /** Opens a microphone beside the live one, to show its level; null when it does not open, or would silence that one. The caller stops it. */
  probeMicrophone(deviceId: string): Promise<MediaStreamTrack | null>;
  /** From the camera at the front to the one at the back, or the other way; it switches at once if it is live. */
  flipCamera(): Promise<void>;
  chooseSpeaker(deviceId: string | null): void;
  /** Remembers it, and treats a live microphone so at once. */
  chooseMicrophoneMode(mode: MicrophoneMode): Promise<void>;
  /** Stops everything and forgets listeners. */
  close(): void;
}

/** Loudness of a microphone, 0 to 1, about 20 times a second. */
export interface LevelMeterClient {
  readonly subscribe: (listener: (level: number) => void) => () => void;
  close(): void;
}
