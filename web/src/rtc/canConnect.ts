/**
 * Whether the browser has WebRTC. Lockdown Mode takes it away from Safari, and the views of some apps have none.
 *
 * @see https://support.apple.com/105120
 */
export function canConnect(): boolean {
  return typeof RTCPeerConnection === 'function';
}
