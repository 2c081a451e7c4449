/** Header extensions that a browser has but does not offer by itself. */

const DEPENDENCY_DESCRIPTOR =
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';

/** In browsers since Chromium 119; TypeScript's DOM types do not have it yet. */
interface Extensible {
  getHeaderExtensionsToNegotiate?: () => { uri: string; direction: RTCRtpTransceiverDirection }[];
  setHeaderExtensionsToNegotiate?: (extensions: readonly { readonly uri: string }[]) => void;
}

/**
 * Lets packets tell their layers, so that the node can choose among those of one stream.
 *
 * Where the browser cannot, VP9 tells its layers in the payload, and AV1 is forwarded whole.
 *
 * @see https://w3c.github.io/webrtc-extensions/#rtp-header-extension-control
 */
export function describeLayers(transceiver: object): void {
  const extensible: Extensible = transceiver;
  const extensions = extensible.getHeaderExtensionsToNegotiate?.();
  const descriptor = extensions?.find(({ uri }) => uri === DEPENDENCY_DESCRIPTOR);
  if (extensions === undefined || descriptor === undefined) return;
  descriptor.direction = 'sendrecv';
  extensible.setHeaderExtensionsToNegotiate?.(extensions);
}
