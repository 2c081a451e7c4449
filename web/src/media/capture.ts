/** What to ask a browser for, and what its refusals mean. Pure. Source: W3C Media Capture and Streams. */
import type { MediaErrorCode, MicrophoneMode } from './types.ts';

/**
 * `exact`, not `ideal`: Chromium weighs an ideal device against size and frame rate, and may open another one than was
 * chosen. Where the device is gone the question has to be asked again without it.
 *
 * @see https://www.w3.org/TR/mediacapture-streams/#dfn-selectsettings
 */
export function microphoneConstraints(
  deviceId: string | null,
  mode: MicrophoneMode = 'voice',
): MediaStreamConstraints {
  const isVoice = mode !== 'music';
  return {
    audio: {
      ...(deviceId === null ? {} : { deviceId: { exact: deviceId } }),
      echoCancellation: isVoice,
      // RNNoise after the browser's own would have to guess what that one has left.
      noiseSuppression: mode === 'voice',
      autoGainControl: isVoice,
      ...(isVoice ? {} : { channelCount: { ideal: 2 } }),
    },
  };
}

/** 720p30 is the best layer that meetings carry; a camera that has less gives what it has. */
export function cameraConstraints(
  deviceId: string | null,
  facing: Facing | null = null,
): MediaStreamConstraints {
  return {
    video: {
      ...(deviceId === null ? {} : { deviceId: { exact: deviceId } }),
      ...(facing === null ? {} : { facingMode: { ideal: facing } }),
      width: { ideal: 1280 },
      height: { ideal: 720 },
      frameRate: { ideal: 30 },
    },
  };
}

/** `user` looks at the person, `environment` at what they see. */
export type Facing = 'user' | 'environment';

/** Where a camera looks; null for one that stands on a desk, as its driver does not say. */
export function facingOf(track: MediaStreamTrack): Facing | null {
  const { facingMode } = track.getSettings();
  return facingMode === 'user' || facingMode === 'environment' ? facingMode : null;
}

/** Whether people expect to see themselves as in a mirror: what a camera at the back shows has writing in it. */
export function isMirror(track: MediaStreamTrack): boolean {
  return facingOf(track) !== 'environment';
}

/** Whether no device has the id that was asked for, as browsers say it; there may be others. */
export function isDeviceGone(error: unknown): boolean {
  const name = toldBy(error)?.name;
  return name === 'OverconstrainedError' || name === 'NotFoundError';
}

/** Names of DOMException that getUserMedia rejects with. */
const CODE_BY_NAME: Readonly<Record<string, MediaErrorCode>> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'none_found',
  NotReadableError: 'in_use',
  AbortError: 'in_use',
  OverconstrainedError: 'constraint',
  TypeError: 'unsupported',
};

export function classifyCaptureError(error: unknown): MediaErrorCode {
  const told = toldBy(error);
  if (told === null) return 'unknown';
  if (isWithoutDevices(told)) return 'none_found';
  // Chromium and Firefox tell a closed prompt from a "no" only in the text.
  if (told.name === 'NotAllowedError' && /dismissed/i.test(told.message)) return 'dismissed';
  return CODE_BY_NAME[told.name] ?? 'unknown';
}

interface Told {
  readonly name: string;
  readonly message: string;
  readonly constraint?: unknown;
}

/** What an error says of itself: the OverconstrainedError of older Safaris is no Error. */
function toldBy(error: unknown): Told | null {
  if (typeof error !== 'object' || error === null || !('name' in error)) return null;
  const {
    name,
    message = '',
    constraint,
  } = error as { name: unknown; message?: unknown; constraint?: unknown };
  return { name: String(name), message: String(message), constraint };
}

/**
 * WebKit says of a computer without a device that a constraint was not met, and names none.
 *
 * @see https://github.com/WebKit/WebKit/blob/main/Source/WebKit/UIProcess/UserMediaPermissionRequestManagerProxy.cpp
 */
function isWithoutDevices({ name, constraint }: Told): boolean {
  return name === 'OverconstrainedError' && constraint === '';
}
