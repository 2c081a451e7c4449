/** Lists of devices as a picker needs them. Pure. */
import type { DeviceInfo } from './types.ts';

export interface DeviceLists {
  readonly microphones: readonly DeviceInfo[];
  readonly cameras: readonly DeviceInfo[];
  readonly speakers: readonly DeviceInfo[];
}

export const NO_DEVICES: DeviceLists = { microphones: [], cameras: [], speakers: [] };

type Listed = Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'> &
  Partial<Pick<MediaDeviceInfo, 'groupId'>>;

export function sortDevices(devices: readonly Listed[]): DeviceLists {
  const ofKind = (kind: MediaDeviceKind): DeviceInfo[] =>
    devices.filter((device) => device.kind === kind && device.deviceId !== '').map(toInfo);
  return {
    microphones: ofKind('audioinput'),
    cameras: ofKind('videoinput'),
    speakers: ofKind('audiooutput'),
  };
}

/** Safari has no choice of speakers, others list none where there are none: https://caniuse.com/mdn-api_htmlmediaelement_setsinkid */
export function canChooseSpeaker(lists: DeviceLists, hasSinks: boolean): boolean {
  const areListed = lists.microphones.length + lists.cameras.length > 0;
  return lists.speakers.length > 0 || (hasSinks && !areListed);
}

/** What came since: a headset is one arrival, microphone and speaker together. */
export interface Arrival {
  readonly label: string;
  readonly microphone: string | null;
  readonly camera: string | null;
  readonly speaker: string | null;
}

/** Entries of Chromium for whatever the system takes, which is another device by the same name. */
const ALIASES = ['default', 'communications'];

export function arrivals(before: DeviceLists, now: DeviceLists): readonly Arrival[] {
  // Nothing was known as long as no permission was given.
  if (before.microphones.length + before.cameras.length === 0) return [];
  const came = (kind: keyof DeviceLists): readonly DeviceInfo[] =>
    now[kind].filter(({ id }) => !ALIASES.includes(id) && !before[kind].some((known) => known.id === id));
  const speakers = came('speakers');
  const none = { microphone: null, camera: null, speaker: null };
  const sounds = came('microphones').map(({ id, label, group }) => {
    const speaker = speakers.find((one) => group !== undefined && one.group === group)?.id ?? null;
    return { ...none, label, microphone: id, speaker };
  });
  const alone = speakers.filter(({ id }) => !sounds.some(({ speaker }) => speaker === id));
  return [
    ...sounds,
    ...alone.map(({ id, label }) => ({ ...none, label, speaker: id })),
    ...came('cameras').map(({ id, label }) => ({ ...none, label, camera: id })),
  ];
}

function toInfo(device: Listed): DeviceInfo {
  const { deviceId, label, groupId = '' } = device;
  return { id: deviceId, label, ...(groupId === '' ? {} : { group: groupId }) };
}
