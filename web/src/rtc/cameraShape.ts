/** In which streams a camera is sent, by what somebody receives and what the device can. Pure values. */
import type { WantedLayers } from '../protocol/index.ts';

interface Stream {
  readonly scaleResolutionDownBy: number;
  readonly maxBitrate: number;
}

/**
 * A camera in three sizes, lowest quality first (RFC 8853): 180p, 360p and 720p of a 720p camera, each with three
 * temporal layers, so that a receiver may also get a half or a quarter of the frames.
 */
export const CAMERA_LAYERS: readonly (Stream & { readonly rid: string; readonly scalabilityMode: string })[] =
  [
    { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
    { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 450_000, scalabilityMode: 'L1T3' },
    { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_500_000, scalabilityMode: 'L1T3' },
  ];
/** One stream of three sizes and three frame rates; sizes need each other at keyframes alone. */
export const SCALABLE_CAMERA: Stream & { readonly scalabilityMode: string } = {
  scaleResolutionDownBy: 1,
  maxBitrate: 1_800_000,
  scalabilityMode: 'L3T3_KEY',
};
/**
 * What is sent while nobody receives a camera: 80 × 45 of a 720p one, three times a second. Every five seconds a
 * browser asks its path for twice what all its streams may take. Without pictures these are 288 kbit/s, and what it found
 * it holds for all that the path carries: who came next saw a blurred picture for seconds.
 */
const STAMP = { scaleResolutionDownBy: 16, maxFramerate: 3 };
/** Smaller pictures take more bits for each of their pixels: 1,500 kbit/s for 720p and 816 for 480p. */
const BITS_EXPONENT = 1.5;
/** What the scales of the streams are of. */
const CAMERA_HEIGHT = 720;
/** As good as no limit: browsers capture and encode no more than this by themselves. */
const UNLIMITED_FPS = 60;

/** What a device lets its camera be sent in, at most. */
export interface CameraLimit {
  readonly maxHeight: number;
  readonly maxFps: number;
}

export interface CameraUse {
  readonly wanted: WantedLayers;
  readonly limit: CameraLimit | null;
  /** Whether the way to the node carries pictures. */
  readonly fits: boolean;
  /** How many times smaller than whole the best size is to be: nobody's link carries it whole. */
  readonly bestScaleDownBy: number;
  /** Whether it has just been asked for: the smallest size goes ahead, as its encoder is there sooner. */
  readonly isWaking: boolean;
}

export function isForNobody(wanted: WantedLayers): boolean {
  return typeof wanted === 'boolean' ? !wanted : wanted.length === 0;
}

/** Which encodings to send; one without a RID stands for the whole track. */
export function activeEncodings(
  encodings: readonly { readonly rid?: string }[],
  wanted: WantedLayers,
): readonly boolean[] {
  if (typeof wanted === 'boolean') return encodings.map(() => wanted);
  return encodings.map(({ rid }) => (rid === undefined ? wanted.length > 0 : wanted.includes(rid)));
}

/**
 * What each stream of a camera is to be. Streams that are larger than the limit are not sent, a single one is sent
 * smaller; the smallest is always allowed.
 */
export function cameraStreams(
  encodings: readonly { readonly rid?: string }[],
  { wanted, limit, fits, bestScaleDownBy, isWaking }: CameraUse,
): readonly (Stream & { readonly active: boolean; readonly maxFramerate: number | undefined })[] {
  const isSimulcast = encodings.length > 1;
  const streams = isSimulcast ? CAMERA_LAYERS : [SCALABLE_CAMERA];
  const isWanted = activeEncodings(encodings, wanted);
  const isStamp = fits && isForNobody(wanted);
  const { maxHeight, maxFps } = limit ?? { maxHeight: CAMERA_HEIGHT, maxFps: undefined };
  return streams.map((stream, index) => {
    const isBest = isSimulcast && index === streams.length - 1;
    const { scaleResolutionDownBy, maxBitrate } = isBest ? smaller(stream, bestScaleDownBy) : stream;
    if (isStamp && index === 0) return { ...STAMP, maxBitrate: mostOf(streams), active: true };
    const isAllowed =
      !isSimulcast || index === 0 || (!isWaking && CAMERA_HEIGHT / scaleResolutionDownBy <= maxHeight);
    return {
      scaleResolutionDownBy: isSimulcast ? scaleResolutionDownBy : Math.max(1, CAMERA_HEIGHT / maxHeight),
      maxBitrate,
      maxFramerate: maxFps,
      active: fits && isAllowed && isWanted[index] === true,
    };
  });
}

function smaller({ scaleResolutionDownBy, maxBitrate }: Stream, times: number): Stream {
  return {
    scaleResolutionDownBy: scaleResolutionDownBy * times,
    maxBitrate: Math.round(maxBitrate / times ** BITS_EXPONENT),
  };
}

function mostOf(streams: readonly Stream[]): number {
  return streams.reduce((sum, { maxBitrate }) => sum + maxBitrate, 0);
}

/** Gives the encodings of a camera the shape for this use; returns false where they have it. */
export function shapeCamera(encodings: readonly RTCRtpEncodingParameters[], use: CameraUse): boolean {
  let isChanged = false;
  cameraStreams(encodings, use).forEach((stream, index) => {
    const encoding = encodings[index];
    if (encoding === undefined) return;
    const { active, maxBitrate, maxFramerate, scaleResolutionDownBy } = encoding;
    const before = { scaleResolutionDownBy, maxBitrate, maxFramerate, active };
    const after = { ...stream, maxFramerate: stream.maxFramerate ?? freed(maxFramerate) };
    isChanged ||= Object.entries(after).some(([name, value]) => before[name as keyof Stream] !== value);
    Object.assign(encoding, after);
    // Set and undefined, it would be refused.
    if (after.maxFramerate === undefined) delete encoding.maxFramerate;
  });
  return isChanged;
}

/**
 * A limit is lifted by a high one: of parameters that leave it out, Safari keeps the one before, and would send a camera
 * that nobody received three times a second for ever.
 *
 * @see https://github.com/WebKit/WebKit/blob/main/Source/WebCore/Modules/mediastream/libwebrtc/LibWebRTCUtils.cpp updateRTCRtpSendParameters
 */
function freed(limit: number | undefined): number | undefined {
  return limit === undefined ? undefined : UNLIMITED_FPS;
}
