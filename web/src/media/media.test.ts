import { beforeEach, describe, expect, it } from 'vitest';
import { classifyCaptureError } from './capture.ts';
import { NO_CHOICES, loadChoices, saveChoices } from './choices.ts';
import { levelOf } from './LevelMeter.ts';
import { LocalMedia } from './LocalMedia.ts';

class FakeTrack {
  stopped = false;
  onended: (() => void) | null = null;

  stop(): void {
    this.stopped = true;
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: 'default' };
  }
}

interface Capture {
  readonly constraints: MediaStreamConstraints;
  readonly track: FakeTrack;
  readonly allow: () => void;
  readonly refuse: (name: string, message?: string) => void;
}

class FakeDevices extends EventTarget {
  readonly captures: Capture[] = [];
  devices: Partial<MediaDeviceInfo>[] = [];

  getUserMedia(constraints: MediaStreamConstraints): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const track = new FakeTrack();
      this.captures.push({
        constraints,
        track,
        allow: () => {
          resolve({ getTracks: () => [track] });
        },
        refuse: (name, message = '') => {
          reject(new DOMException(message, name));
        },
      });
    });
  }

  enumerateDevices(): Promise<Partial<MediaDeviceInfo>[]> {
    return Promise.resolve(this.devices);
  }
}

class FakeStorage {
  readonly values = new Map<string, string>();
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
}

let devices: FakeDevices;
let storage: FakeStorage;
let media: LocalMedia;

beforeEach(() => {
  devices = new FakeDevices();
  storage = new FakeStorage();
  media = open();
  return () => {
    media.close();
  };
});

function open(): LocalMedia {
  return new LocalMedia({
    mediaDevices: devices as unknown as MediaDevices,
    storage: storage as unknown as Storage,
  });
}

describe('LocalMedia', () => {
  it('goes from off over starting to live', async () => {
    const started = media.startMicrophone();
    expect(media.getSnapshot().microphone).toEqual({ kind: 'starting' });
    devices.captures[0]!.allow();
    expect(await started).toBe(devices.captures[0]!.track);
    expect(media.getSnapshot().microphone).toMatchObject({ kind: 'live', deviceId: 'default' });
    expect(media.getSnapshot().camera).toEqual({ kind: 'off' });
  });

  it.each([
    ['NotAllowedError', '', 'denied'],
    ['NotAllowedError', 'Permission dismissed', 'dismissed'],
    ['NotFoundError', '', 'none_found'],
    ['NotReadableError', '', 'in_use'],
    ['OverconstrainedError', '', 'constraint'],
    ['WeirdError', '', 'unknown'],
  ])('names why a capture failed: %s %s', async (name, message, code) => {
    const started = media.startCamera();
    devices.captures[0]!.refuse(name, message);
    expect(await started).toBeNull();
    expect(media.getSnapshot().camera).toEqual({ kind: 'failed', error: code });
  });

  it('says that capture is unsupported on an insecure page', async () => {
    const insecure = new LocalMedia({ mediaDevices: undefined, storage: null });
    await insecure.startCamera();
    expect(insecure.getSnapshot().camera).toEqual({ kind: 'failed', error: 'unsupported' });
    insecure.close();
  });

  it('stops a capture that arrives after it was switched off', async () => {
    const started = media.startCamera();
    media.stopCamera();
    devices.captures[0]!.allow();
    expect(await started).toBeNull();
    expect(devices.captures[0]!.track.stopped).toBe(true);
    expect(media.getSnapshot().camera).toEqual({ kind: 'off' });
  });

  it('switches a live source to the chosen device and remembers it', async () => {
    const started = media.startCamera();
    devices.captures[0]!.allow();
    await started;
    const chosen = media.chooseCamera('cam2');
    expect(devices.captures[0]!.track.stopped).toBe(true);
    devices.captures[1]!.allow();
    await chosen;
    expect(devices.captures[1]!.constraints.video).toMatchObject({ deviceId: { ideal: 'cam2' } });
    expect(open().getSnapshot().chosen.camera).toBe('cam2');
  });

  it('does not start a source by choosing its device', async () => {
    await media.chooseMicrophone('mic2');
    expect(devices.captures).toHaveLength(0);
  });

  it('notices that a device was pulled out', async () => {
    const started = media.startMicrophone();
    devices.captures[0]!.allow();
    await started;
    devices.captures[0]!.track.onended?.();
    expect(media.getSnapshot().microphone).toEqual({ kind: 'failed', error: 'none_found' });
  });

  it('follows devices that come and go', async () => {
    devices.devices = [
      { kind: 'audioinput', deviceId: 'a', label: 'Mic' },
      { kind: 'videoinput', deviceId: '', label: '' },
      { kind: 'audiooutput', deviceId: 'c', label: 'Speaker' },
    ];
    const seen = new Promise<void>((resolve) => {
      media.subscribe(() => {
        if (media.getSnapshot().microphones.length > 0) resolve();
      });
    });
    devices.dispatchEvent(new Event('devicechange'));
    await seen;
    expect(media.getSnapshot()).toMatchObject({
      microphones: [{ id: 'a', label: 'Mic' }],
      cameras: [],
      speakers: [{ id: 'c' }],
    });
  });
});

describe('remembered choices', () => {
  it('read as none from broken storage', () => {
    for (const text of ['{', '5', '{"camera":7}', '{"camera":""}']) {
      expect(loadChoices({ getItem: () => text })).toEqual(NO_CHOICES);
    }
    const forbidden = () => {
      throw new DOMException('no', 'SecurityError');
    };
    expect(loadChoices({ getItem: forbidden })).toEqual(NO_CHOICES);
    expect(() => {
      saveChoices({ setItem: forbidden }, NO_CHOICES);
    }).not.toThrow();
  });
});

describe('classifyCaptureError', () => {
  it('takes anything', () => {
    expect(classifyCaptureError('text')).toBe('unknown');
  });
});

describe('levelOf', () => {
  it('is 0 for silence, 1 for a full tone, and between for a voice', () => {
    expect(levelOf(new Float32Array(64))).toBe(0);
    expect(levelOf(new Float32Array(64).fill(0.9))).toBe(1);
    const quiet = levelOf(new Float32Array(64).fill(0.01));
    expect(quiet).toBeGreaterThan(0.3);
    expect(quiet).toBeLessThan(0.6);
  });
});
