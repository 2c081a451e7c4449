/** What a user of local media sees. Owns no behaviour. */
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
}

export type CaptureState =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'live'; readonly track: MediaStreamTrack; readonly deviceId: string }
  | { readonly kind: 'failed'; readonly error: MediaErrorCode };

export interface LocalMediaSnapshot {
  readonly microphone: CaptureState;
  readonly camera: CaptureState;
  readonly microphones: readonly DeviceInfo[];
  readonly cameras: readonly DeviceInfo[];
  readonly speakers: readonly DeviceInfo[];
  /** What was chosen, remembered across visits; null is the system's default. */
  readonly chosen: {
    readonly microphone: string | null;
    readonly camera: string | null;
    readonly speaker: string | null;
  };
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
  chooseSpeaker(deviceId: string | null): void;
  /** Stops everything and forgets listeners. */
  close(): void;
}

/** Loudness of a microphone, 0 to 1, about 20 times a second. */
export interface LevelMeterClient {
  readonly subscribe: (listener: (level: number) => void) => () => void;
  close(): void;
}
