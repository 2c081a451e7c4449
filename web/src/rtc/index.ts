/** The peer connection to a media node. */
export {
  Connection,
  SOURCES,
  type ConnectionOptions,
  type MediaPath,
  type ReceivingSlot,
} from './Connection.ts';
export { canConnect } from './canConnect.ts';
export { hostAddresses, type PathSample } from './hostAddresses.ts';
export type { CameraLimit } from './cameraShape.ts';
export type { CameraCodec, Uplink } from './encodings.ts';
export type { ConnectionStats, StreamStats } from './stats.ts';
export type { VoiceSample } from './voiceLoss.ts';
export {
  NO_CHANGE,
  screenShape,
  type ScreenChange,
  type ScreenContent,
  type ScreenShape,
} from './screenShape.ts';
export { TestPath, type CreatePeerConnection, type Over } from './TestPath.ts';
export {
  readDetails,
  type ConnectionDetails,
  type Limitation,
  type StreamDetails,
  type TransportDetails,
} from './details.ts';
