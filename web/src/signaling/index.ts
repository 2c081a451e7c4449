/** The WebSocket to a media node. */
export { backoffDelayMs } from './backoff.ts';
export {
  CLOSE_NONSENSE,
  Signaling,
  signalUrl,
  type SignalingEvent,
  type SignalingOptions,
  type SocketFactory,
} from './Signaling.ts';
