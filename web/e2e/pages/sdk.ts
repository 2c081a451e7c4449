/** Puts the SDK on the page's window, for tests that drive it from outside. */
import * as sdk from '../../src/meeting/index.ts';
import { ScreenShare } from '../../src/meeting/ScreenShare.ts';
import { Connection } from '../../src/rtc/index.ts';

declare global {
  interface Window {
    sdk: typeof sdk;
    Connection: typeof Connection;
    ScreenShare: typeof ScreenShare;
    meeting: sdk.Meeting;
    /** Every socket and peer connection the page made, oldest first. */
    sockets: WebSocket[];
    peerConnections: RTCPeerConnection[];
  }
}

window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    window.sockets.push(this);
  }
};
window.peerConnections = [];
if (sdk.canConnect()) {
  window.RTCPeerConnection = class extends RTCPeerConnection {
    /** Those that somebody is to answer; others only look which addresses there are. */
    override addTransceiver(...inputs: Parameters<RTCPeerConnection['addTransceiver']>): RTCRtpTransceiver {
      if (!window.peerConnections.includes(this)) window.peerConnections.push(this);
      return super.addTransceiver(...inputs);
    }
  };
}
window.sdk = sdk;
window.Connection = Connection;
window.ScreenShare = ScreenShare;
