/** FakeMedia: microphone and camera without devices, for component tests and for looking at the app. */
import type { LocalMediaClient, LocalMediaSnapshot, MicrophoneMode } from '../../meeting/index.ts';

const DEVICES: LocalMediaSnapshot = {
  microphone: { kind: 'off' },
  camera: { kind: 'off' },
  microphones: [
    { id: 'default', label: 'Default' },
    { id: 'mic1', label: 'MacBook Pro Microphone' },
    { id: 'mic2', label: 'Yeti Stereo Microphone' },
  ],
  cameras: [{ id: 'cam1', label: 'FaceTime HD Camera' }],
  speakers: [{ id: 'spk1', label: 'Studio Display Speakers' }],
  canChooseSpeaker: true,
  chosen: { microphone: 'mic1', camera: 'cam1', speaker: null, microphoneMode: 'voice' },
  speaker: null,
  microphoneSignal: 'quiet',
  canFlipCamera: false,
  notice: null,
};

export class FakeMedia implements LocalMediaClient {
  readonly calls: string[] = [];
  readonly #listeners = new Set<() => void>();
  #snapshot: LocalMediaSnapshot;

  constructor(snapshot: Partial<LocalMediaSnapshot> = {}) {
    this.#snapshot = { ...DEVICES, ...snapshot };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): LocalMediaSnapshot => this.#snapshot;

  change(change: Partial<LocalMediaSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }

  startMicrophone = (): Promise<null> => this.#note('startMicrophone');
  startCamera = (): Promise<null> => this.#note('startCamera');
  stopMicrophone = (): void => void this.#note('stopMicrophone');
  stopCamera = (): void => {
    this.change({ camera: { kind: 'off' } });
    void this.#note('stopCamera');
  };
  chooseMicrophone = async (id: string | null): Promise<void> => {
    await this.#note(`chooseMicrophone ${String(id)}`);
  };
  chooseCamera = async (id: string | null): Promise<void> => {
    await this.#note(`chooseCamera ${String(id)}`);
  };
  flipCamera = async (): Promise<void> => {
    await this.#note('flipCamera');
  };
  chooseSpeaker = (id: string | null): void => void this.#note(`chooseSpeaker ${String(id)}`);
  probeMicrophone = (id: string): Promise<MediaStreamTrack | null> => this.#note(`probeMicrophone ${id}`);
  chooseMicrophoneMode = async (mode: MicrophoneMode): Promise<void> => {
    this.change({ chosen: { ...this.#snapshot.chosen, microphoneMode: mode } });
    await this.#note(`chooseMicrophoneMode ${mode}`);
  };
  close = (): void => void this.#note('close');

  #note(call: string): Promise<null> {
    this.calls.push(call);
    return Promise.resolve(null);
  }
}
