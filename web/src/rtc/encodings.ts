/** What is sent and in which codecs. Pure values. */
import type { Source } from '../protocol/index.ts';
import { CAMERA_LAYERS, SCALABLE_CAMERA } from './cameraShape.ts';
import { NO_CHANGE, screenShape, type ScreenShape } from './screenShape.ts';

/** Clear for one voice, and as much again for the packet before. */
const MICROPHONE_MAX_BPS = 32_000;
const MUSIC_MAX_BPS = 128_000;
/** How much of what is sent the way to the node carries: all, voices without pictures, or these in few and small packets. */
export type Uplink = 'all' | 'voice' | 'narrow';

/** The least at which Opus keeps a voice wide and can repair it; with headers it fits into 30 kbit/s. */
const NARROW_MAX_BPS = 16_000;

export function microphoneMaxBps(use: { readonly isMusic: boolean; readonly isNarrow: boolean }): number {
  if (use.isNarrow) return NARROW_MAX_BPS;
  return use.isMusic ? MUSIC_MAX_BPS : MICROPHONE_MAX_BPS;
}

/**
 * What a camera is sent in. Asked for from the first, VP9 and AV1 are one stream that holds its sizes as layers; a camera
 * that begins in another codec has three streams and keeps them.
 */
export type CameraCodec = 'vp8' | 'h264' | 'vp9' | 'av1' | 'h265';

export function isScalable(codec: CameraCodec): boolean {
  return codec === 'vp9' || codec === 'av1';
}

/** The streams of one source, lowest quality first. */
export function encodingsOf(source: Source, codec: CameraCodec = 'vp8'): RTCRtpEncodingParameters[] {
  switch (source) {
    case 'microphone':
      return [{ maxBitrate: MICROPHONE_MAX_BPS, priority: 'high', networkPriority: 'high' }];
    case 'camera':
      return isScalable(codec) ? [{ ...SCALABLE_CAMERA }] : CAMERA_LAYERS.map((layer) => ({ ...layer }));
    case 'screen':
      return [shapedEncoding(screenShape('text', NO_CHANGE))];
    case 'screen_audio':
      return [{ maxBitrate: MUSIC_MAX_BPS }];
  }
}

/** What of a shape belongs to its one encoding. */
export function shapedEncoding(shape: ScreenShape): RTCRtpEncodingParameters & { scalabilityMode: string } {
  const { maxBitrate, maxFramerate, scalabilityMode } = shape;
  return { maxBitrate, maxFramerate, scalabilityMode };
}

/** Best first. VP8 is what every browser both sends and receives; H.264 helps phones that have it in hardware. */
const SENT_VIDEO = ['video/vp8', 'video/h264', 'video/rtx'];
/** A camera changes its codec without a word to the node: all of them are agreed on from the first. */
const SENT_CAMERA = ['video/vp8', 'video/h264', 'video/vp9', 'video/av1', 'video/h265', 'video/rtx'];
const RECEIVED_VIDEO = ['video/vp8', 'video/vp9', 'video/av1', 'video/h264', 'video/h265', 'video/rtx'];
/** Each packet holds the one before once more (RFC 2198): what the way to the node loses is whole again there. */
const SENT_AUDIO = ['audio/red', 'audio/opus'];
/** Plain until there is loss: the node then repeats earlier packets in red. What is left out is not forwarded. */
const RECEIVED_AUDIO = ['audio/opus', 'audio/red'];

/** What an m-line is for: a source that is sent, a camera in a codec of choice, or a slot. */
export interface Use {
  readonly kind: 'audio' | 'video';
  readonly direction: 'sending' | 'receiving';
  readonly isCamera?: boolean;
  readonly first?: CameraCodec;
}

/** Keeps and orders what the node forwards; empty when the browser knows none of it. */
export function preferredCodecs(use: Use, offered: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  const isSending = use.direction === 'sending';
  const audio = isSending ? SENT_AUDIO : RECEIVED_AUDIO;
  const video = !isSending ? RECEIVED_VIDEO : use.isCamera === true ? SENT_CAMERA : SENT_VIDEO;
  const first = use.first === undefined ? [] : [`video/${use.first}`];
  const wanted = use.kind === 'audio' ? audio : [...new Set([...first, ...video])];
  return wanted.flatMap((name) =>
    offered.filter((codec) => codec.mimeType.toLowerCase() === name && isCommon(codec)),
  );
}

/** Profiles that every browser has. The others would make each m-line longer, and no camera is sent in them. */
function isCommon({ mimeType, sdpFmtpLine = '' }: RTCRtpCodec): boolean {
  switch (mimeType.toLowerCase()) {
    case 'video/h264':
      return /packetization-mode=1/.test(sdpFmtpLine) && /profile-level-id=42/i.test(sdpFmtpLine);
    case 'video/vp9':
      return !/profile-id=[1-9]/.test(sdpFmtpLine);
    case 'video/av1':
      return !/(^|;)\s*profile=[1-9]/.test(sdpFmtpLine);
    default:
      return true;
  }
}

/** Motion keeps the frame rate when bandwidth falls, text keeps its sharpness (design: who gets which bits). */
export function contentHintOf(source: Source): 'motion' | 'detail' | '' {
  if (source === 'camera') return 'motion';
  return source === 'screen' ? 'detail' : '';
}

/** In browsers, and not yet in TypeScript's DOM types. */
type Encoding = RTCRtpEncodingParameters & { codec?: RTCRtpCodec; scalabilityMode?: string };

/** H.265 comes from chips, which know no temporal layers. */
function scalabilityOf(codec: CameraCodec, isSimulcast: boolean): string {
  if (codec === 'h265') return 'L1T1';
  return isSimulcast || !isScalable(codec) ? 'L1T3' : SCALABLE_CAMERA.scalabilityMode;
}

/** Sets the codec of every stream; returns false where it was not agreed on, or is sent already. */
export function chooseCodec(parameters: RTCRtpSendParameters, codec: CameraCodec): boolean {
  const isOf = ({ mimeType }: { readonly mimeType: string }): boolean =>
    mimeType.toLowerCase() === `video/${codec}`;
  const agreed = parameters.codecs.find(isOf);
  const encodings: Encoding[] = parameters.encodings;
  if (agreed === undefined || encodings.every((one) => one.codec !== undefined && isOf(one.codec)))
    return false;
  const { mimeType, clockRate, sdpFmtpLine } = agreed;
  for (const encoding of encodings) {
    encoding.scalabilityMode = scalabilityOf(codec, encodings.length > 1);
    encoding.codec = { mimeType, clockRate, ...(sdpFmtpLine === undefined ? {} : { sdpFmtpLine }) };
  }
  return true;
}
