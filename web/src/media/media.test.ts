import { beforeEach, describe, expect, it } from 'vitest';
import { classifyCaptureError, isDeviceGone } from './capture.ts';
import { NO_CHOICES, loadChoices, saveChoices } from './choices.ts';
import { NO_DEVICES, arrivals, canChooseSpeaker, sortDevices } from './devices.ts';
import { levelOf } from './LevelMeter.ts';
import { LocalMedia } from './LocalMedia.ts';
import type { NoiseFilterClient } from './NoiseFilter.ts';
import type { MicrophoneSignal } from './signal.ts';

const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)';

class FakeTrack {
  stopped = false;
  contentHint = '';
  label = 'Some device';
  onended: (() => void) | null = null;

  stop(): void {
    this.stopped = true;
  }

  facingMode: string | undefined;
  getSettings(): MediaTrackSettings {
    const { facingMode } = this;
    return { deviceId: 'default', ...(facingMode !== undefined && { facingMode }) };
  }

  applied: object[] = [];
  applyConstraints(constraints: object): Promise<void> {
    this.applied.push(constraints);
    return Promise.resolve();
  }
}

interface Capture {
  readonly constraints: MediaStreamConstraints;
  readonly track: FakeTrack;
  readonly allow: () => void;
  readonly refuse: (name: string, message?: string) => void;
  readonly overconstrain: (constraint: string) => void;
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
        overconstrain: (constraint) => {
          reject(
            Object.assign(new Error('Invalid constraint'), { name: 'OverconstrainedError', constraint }),
          );
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
let hear: (signal: MicrophoneSignal) => void;
let filtered: { source: unknown; track: FakeTrack; closed: boolean }[];
let isFilterBroken: boolean;

beforeEach(() => {
  devices = new FakeDevices();
  storage = new FakeStorage();
  filtered = [];
  isFilterBroken = false;
  media = open(devices);
  return () => {
    media.close();
  };
});

function open(found: FakeDevices | undefined, userAgent = ''): LocalMedia {
  return new LocalMedia({
    userAgent,
    mediaDevices: found as unknown as MediaDevices | undefined,
    storage: storage as unknown as Storage,
    audio: {
      filter: (source) => {
        if (isFilterBroken) return Promise.reject(new Error('no worklets'));
        const filter = { source, track: new FakeTrack(), closed: false, close: () => (filter.closed = true) };
        filtered.push(filter);
        return Promise.resolve(filter as unknown as NoiseFilterClient);
      },
      watch: (_track, onSignal) => {
        hear = onSignal;
        return { close: () => undefined };
      },
      hasSinks: () => true,
    },
  });
}

async function goLive(source: 'microphone' | 'camera' = 'microphone'): Promise<FakeTrack> {
  const started = source === 'microphone' ? media.startMicrophone() : media.startCamera();
  devices.captures.at(-1)!.allow();
  await started;
  return devices.captures.at(-1)!.track;
}

/** Lets every promise that is ready go on. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
const noticed = () => media.getSnapshot().notice;

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

  it('finds no device where Safari says that no constraint in particular was not met', async () => {
    const started = media.startCamera();
    devices.captures[0]!.overconstrain('');
    await started;
    expect(media.getSnapshot().camera).toEqual({ kind: 'failed', error: 'none_found' });
  });

  it('opens no microphone beside the live one where that would silence it', async () => {
    const safari = open(devices, `${MAC} Version/26.0 Safari/605.1.15`);
    expect(await safari.probeMicrophone('mic2')).toBeNull();
    expect(devices.captures).toEqual([]);
    safari.close();
  });

  it('goes on to the chosen microphone where the browser ends the one before as soon as it is opened', async () => {
    const first = await goLive();
    const chosen = media.chooseMicrophone('mic2');
    first.onended?.();
    devices.captures[1]!.allow();
    await chosen;
    expect(devices.captures).toHaveLength(2);
    expect(media.getSnapshot().microphone).toMatchObject({ kind: 'live', track: devices.captures[1]!.track });
    expect(noticed()).toBeNull();
  });

  it('says that a microphone failed which did not come after the one before had ended', async () => {
    const first = await goLive();
    const chosen = media.chooseMicrophone('mic2');
    first.onended?.();
    expect(media.getSnapshot().microphone).toEqual({ kind: 'starting' });
    for (const index of [1, 2]) {
      devices.captures[index]!.refuse('NotFoundError');
      await settle();
    }
    await chosen;
    expect(media.getSnapshot().microphone).toEqual({ kind: 'failed', error: 'none_found' });
  });

  it('says that capture is unsupported on an insecure page', async () => {
    const insecure = open(undefined);
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
    expect(media.getSnapshot().camera.kind).toBe('live');
    expect(devices.captures[0]!.track.stopped).toBe(false);
    devices.captures[1]!.allow();
    await chosen;
    expect(devices.captures[0]!.track.stopped).toBe(true);
    expect(devices.captures[1]!.constraints.video).toMatchObject({ deviceId: { exact: 'cam2' } });
    expect(open(devices).getSnapshot().chosen.camera).toBe('cam2');
  });

  it.each(['OverconstrainedError', 'NotFoundError'])(
    'begins with the default where the remembered device is gone, which is told by %s',
    async (name) => {
      await media.chooseCamera('cam2');
      const started = media.startCamera();
      expect(devices.captures[0]!.constraints.video).toMatchObject({ deviceId: { exact: 'cam2' } });
      devices.captures[0]!.refuse(name);
      await settle();
      expect(devices.captures[1]!.constraints.video).not.toHaveProperty('deviceId');
      devices.captures[1]!.allow();
      await started;
      expect(media.getSnapshot().camera.kind).toBe('live');
      expect(media.getSnapshot().chosen.camera).toBe('cam2');
    },
  );

  it('opens no default in its place once it is to be off', async () => {
    await media.chooseCamera('cam2');
    const started = media.startCamera();
    media.stopCamera();
    devices.captures[0]!.refuse('OverconstrainedError');
    await started;
    expect(devices.captures).toHaveLength(1);
    expect(media.getSnapshot().camera.kind).toBe('off');
  });

  it('opens the one that stands in for it anew for another mode', async () => {
    await media.chooseMicrophone('mic9');
    const started = media.startMicrophone();
    devices.captures[0]!.refuse('OverconstrainedError');
    await settle();
    devices.captures[1]!.allow();
    await started;
    const changed = media.chooseMicrophoneMode('music');
    expect(devices.captures[2]!.constraints.audio).toMatchObject({ deviceId: { exact: 'default' } });
    devices.captures[2]!.allow();
    await changed;
    expect(media.getSnapshot().microphone).toMatchObject({ kind: 'live', track: devices.captures[2]!.track });
  });

  it('reads errors that are none, as those of older Safaris', () => {
    const told = { name: 'OverconstrainedError', constraint: 'deviceId' };
    expect([isDeviceGone(told), classifyCaptureError(told)]).toEqual([true, 'constraint']);
    expect(classifyCaptureError({ ...told, constraint: '' })).toBe('none_found');
    for (const nothing of [null, 'no', {}]) expect(classifyCaptureError(nothing)).toBe('unknown');
  });

  it('does not begin with another device where the remembered one is busy', async () => {
    await media.chooseCamera('cam2');
    const started = media.startCamera();
    devices.captures[0]!.refuse('NotReadableError');
    await started;
    expect(media.getSnapshot().camera).toEqual({ kind: 'failed', error: 'in_use' });
    expect(devices.captures).toHaveLength(1);
  });

  it('does not start a source by choosing its device', async () => {
    await media.chooseMicrophone('mic2');
    expect(devices.captures).toHaveLength(0);
  });

  it('puts another device in the place of one that was pulled out, and says so', async () => {
    await media.chooseMicrophone('mic2');
    (await goLive()).onended?.();
    expect(devices.captures[1]!.constraints.audio).not.toHaveProperty('deviceId');
    devices.captures[1]!.allow();
    await settle();
    expect(media.getSnapshot().microphone.kind).toBe('live');
    expect(noticed()).toMatchObject({ kind: 'replaced', source: 'microphone', label: 'Some device' });
    devices.devices = [{ kind: 'audioinput', deviceId: 'mic2', label: 'Headset' }];
    devices.dispatchEvent(new Event('devicechange'));
    await settle();
    expect(devices.captures[2]!.constraints.audio).toMatchObject({ deviceId: { exact: 'mic2' } });
    devices.captures[2]!.allow();
    await settle();
    expect(noticed()).toMatchObject({ kind: 'returned' });
    expect(devices.captures[1]!.track.stopped).toBe(true);
  });

  const plugIn = async (...ids: string[]): Promise<void> => {
    devices.devices = ids.map((deviceId) => ({ kind: 'audioinput', deviceId, label: deviceId }));
    devices.dispatchEvent(new Event('devicechange'));
    await settle();
  };

  it('takes the remembered device when it is switched on later, and says so', async () => {
    await media.chooseMicrophone('headset');
    await plugIn('default', 'built-in');
    await goLive();
    await settle();
    expect(devices.captures).toHaveLength(1);
    await plugIn('default', 'built-in', 'headset');
    expect(devices.captures[1]!.constraints.audio).toMatchObject({ deviceId: { exact: 'headset' } });
    devices.captures[1]!.allow();
    await settle();
    expect(noticed()).toMatchObject({ kind: 'returned', source: 'microphone' });
    await plugIn('default', 'built-in', 'headset', 'another');
    expect(devices.captures).toHaveLength(2);
  });

  it('opens nothing by itself that was switched off meanwhile', async () => {
    await media.chooseMicrophone('headset');
    await plugIn('default', 'built-in');
    await goLive();
    await settle();
    media.stopMicrophone();
    await plugIn('default', 'built-in', 'headset');
    expect(devices.captures).toHaveLength(1);
  });

  it('takes the chosen device again where there was no other one meanwhile', async () => {
    await media.chooseMicrophone('headset');
    (await goLive()).onended?.();
    devices.captures[1]!.refuse('NotFoundError');
    await settle();
    await plugIn('headset');
    devices.captures[2]!.allow();
    await settle();
    expect(media.getSnapshot().microphone).toMatchObject({ kind: 'live', track: devices.captures[2]!.track });
  });

  it('fails where nothing is left after a device was pulled out', async () => {
    (await goLive()).onended?.();
    devices.captures[1]!.refuse('NotFoundError');
    await settle();
    expect(media.getSnapshot().microphone).toEqual({ kind: 'failed', error: 'none_found' });
  });

  it('goes on with the old device when the new one does not start', async () => {
    const track = await goLive('camera');
    const chosen = media.chooseCamera('cam2');
    devices.captures[1]!.refuse('OverconstrainedError');
    await chosen;
    expect(media.getSnapshot().camera).toMatchObject({ kind: 'live', track });
    expect(noticed()).toMatchObject({ kind: 'kept', source: 'camera' });
    expect(media.getSnapshot().chosen.camera).toBeNull();
  });

  it('makes room where a system opens one device of a kind at a time', async () => {
    const track = await goLive('camera');
    const chosen = media.chooseCamera('cam2');
    devices.captures[1]!.refuse('NotReadableError');
    await settle();
    expect(track.stopped).toBe(true);
    devices.captures[2]!.allow();
    await chosen;
    expect(media.getSnapshot().camera).toMatchObject({ kind: 'live', track: devices.captures[2]!.track });
  });

  it('takes the device of before again when the chosen one is in use by another program, and says so', async () => {
    await media.chooseMicrophone('mic1');
    const track = await goLive();
    const chosen = media.chooseMicrophone('mic2');
    devices.captures[1]!.refuse('NotReadableError');
    await settle();
    expect(track.stopped).toBe(true);
    devices.captures[2]!.refuse('NotReadableError');
    await settle();
    expect(devices.captures[3]!.constraints.audio).toMatchObject({ deviceId: { exact: 'default' } });
    expect(media.getSnapshot().microphone.kind).toBe('starting');
    devices.captures[3]!.allow();
    await chosen;
    expect(media.getSnapshot().microphone).toMatchObject({ kind: 'live', track: devices.captures[3]!.track });
    expect(noticed()).toMatchObject({ kind: 'busy', source: 'microphone', label: 'Some device' });
    expect(media.getSnapshot().chosen.microphone).toBe('mic1');
    expect(open(devices).getSnapshot().chosen.microphone).toBe('mic1');
  });

  it('says that the device is in use where the one of before is gone meanwhile too', async () => {
    await goLive('camera');
    const chosen = media.chooseCamera('cam2');
    for (const index of [1, 2, 3]) {
      devices.captures[index]!.refuse('NotReadableError');
      await settle();
    }
    await chosen;
    expect(media.getSnapshot().camera).toEqual({ kind: 'failed', error: 'in_use' });
    expect(devices.captures).toHaveLength(4);
  });

  it('takes noise out with RNNoise when told to, instead of with the browser', async () => {
    await media.chooseMicrophoneMode('quiet');
    const device = await goLive();
    expect(devices.captures[0]!.constraints.audio).toMatchObject({ noiseSuppression: false });
    expect(media.getSnapshot().microphone).toMatchObject({ kind: 'live', track: filtered[0]!.track });
    const switched = media.chooseMicrophoneMode('voice');
    devices.captures[1]!.allow();
    await switched;
    expect([filtered[0]!.closed, device.stopped]).toEqual([true, true]);
    expect(media.getSnapshot().microphone).toMatchObject({ track: devices.captures[1]!.track });
    expect(open(devices).getSnapshot().chosen.microphoneMode).toBe('voice');
  });

  it('falls back to the suppression of the browser where RNNoise does not load', async () => {
    isFilterBroken = true;
    await media.chooseMicrophoneMode('quiet');
    const device = await goLive();
    expect(media.getSnapshot().microphone).toMatchObject({ kind: 'live', track: device });
    expect(device.applied).toEqual([{ noiseSuppression: true }]);
    expect(noticed()).toMatchObject({ kind: 'no_noise_filter' });
  });

  it('leaves music alone, in stereo', async () => {
    await media.chooseMicrophoneMode('music');
    const device = await goLive();
    expect(devices.captures[0]!.constraints.audio).toEqual({
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
      channelCount: { ideal: 2 },
    });
    expect(device.contentHint).toBe('music');
  });

  it('says what comes out of the microphone, until it is off', async () => {
    await goLive();
    hear('speaking');
    expect(media.getSnapshot().microphoneSignal).toBe('speaking');
    media.stopMicrophone();
    expect(media.getSnapshot().microphoneSignal).toBe('unknown');
  });

  it('plays through the chosen speaker while it is plugged in', async () => {
    media.chooseSpeaker('spk');
    expect(media.getSnapshot().speaker).toBeNull();
    devices.devices = [{ kind: 'audiooutput', deviceId: 'spk', label: 'Speaker' }];
    devices.dispatchEvent(new Event('devicechange'));
    await settle();
    expect(media.getSnapshot().speaker).toBe('spk');
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

describe('a choice of speakers', () => {
  const device = { id: 'a', label: 'A' };
  const listed = { microphones: [device], cameras: [device], speakers: [] };

  it('is there before devices are listed where the browser has one, so that nothing moves when they are', () => {
    expect(canChooseSpeaker(NO_DEVICES, true)).toBe(true);
    expect(canChooseSpeaker(NO_DEVICES, false)).toBe(false);
  });

  it('goes where no speakers are listed', () => {
    expect(canChooseSpeaker(listed, true)).toBe(false);
    expect(canChooseSpeaker({ ...listed, speakers: [device] }, true)).toBe(true);
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

describe('a camera on each side', () => {
  const CAMERAS = ['front', 'back'].map((deviceId) => ({
    kind: 'videoinput' as const,
    deviceId,
    label: deviceId,
  }));

  /** Allows what was asked for last, with a camera that looks this way. */
  async function allowFacing(facingMode: string | undefined): Promise<void> {
    devices.captures.at(-1)!.track.facingMode = facingMode;
    devices.captures.at(-1)!.allow();
    await settle();
  }

  it('is flipped there and back, one camera open at a time', async () => {
    devices.devices = CAMERAS;
    void media.startCamera();
    await allowFacing('user');
    expect(media.getSnapshot().canFlipCamera).toBe(true);
    void media.flipCamera();
    expect(devices.captures[0]!.track.stopped).toBe(true);
    expect(devices.captures[1]!.constraints.video).toMatchObject({ facingMode: { ideal: 'environment' } });
    await allowFacing('environment');
    expect(media.getSnapshot().camera.kind).toBe('live');
    void media.flipCamera();
    expect(devices.captures[2]!.constraints.video).toMatchObject({ facingMode: { ideal: 'user' } });
  });

  it('is the one that was chosen again as soon as one chooses', async () => {
    devices.devices = CAMERAS;
    void media.startCamera();
    await allowFacing('user');
    void media.flipCamera();
    await allowFacing('environment');
    void media.chooseCamera('front');
    const { video } = devices.captures.at(-1)!.constraints;
    expect(video).toMatchObject({ deviceId: { exact: 'front' } });
    expect(video).not.toHaveProperty('facingMode');
  });

  it('is not offered for cameras that stand on a desk, nor for a single one', async () => {
    devices.devices = CAMERAS;
    void media.startCamera();
    await allowFacing(undefined);
    expect(media.getSnapshot().canFlipCamera).toBe(false);
    devices.devices = CAMERAS.slice(1);
    devices.dispatchEvent(new Event('devicechange'));
    devices.captures.at(-1)!.track.facingMode = 'user';
    await settle();
    expect(media.getSnapshot().canFlipCamera).toBe(false);
  });
});

describe('what was plugged in', () => {
  const listed = (...names: [MediaDeviceKind, string, string?][]) =>
    sortDevices(
      names.map(([kind, deviceId, groupId]) => ({
        kind,
        deviceId,
        label: deviceId,
        ...(groupId && { groupId }),
      })),
    );
  const before = listed(['audioinput', 'default'], ['audioinput', 'built-in'], ['audiooutput', 'box']);

  it('is one thing where microphone and speaker are of one headset', () => {
    const now = listed(
      ['audioinput', 'default', 'g'],
      ['audioinput', 'built-in'],
      ['audioinput', 'headset', 'g'],
      ['audiooutput', 'box'],
      ['audiooutput', 'phones', 'g'],
      ['audiooutput', 'screen'],
      ['videoinput', 'cam'],
    );
    expect(arrivals(before, now)).toEqual([
      { label: 'headset', microphone: 'headset', camera: null, speaker: 'phones' },
      { label: 'screen', microphone: null, camera: null, speaker: 'screen' },
      { label: 'cam', microphone: null, camera: 'cam', speaker: null },
    ]);
    expect(arrivals(now, before)).toEqual([]);
  });

  it('is nothing where devices are listed for the first time', () => {
    expect(arrivals(NO_DEVICES, before)).toEqual([]);
  });
});
