/** Lists of devices as a picker needs them. Pure. */
import type { DeviceInfo } from './types.ts';

export interface DeviceLists {
  readonly microphones: readonly DeviceInfo[];
  readonly cameras: readonly DeviceInfo[];
  readonly speakers: readonly DeviceInfo[];
}

export const NO_DEVICES: DeviceLists = { microphones: [], cameras: [], speakers: [] };

type Listed = Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>;

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

function toInfo(device: Listed): DeviceInfo {
  return { id: device.deviceId, label: device.label };
}
