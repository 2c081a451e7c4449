/** Screen capture: one question to the person, no state. Source: W3C Screen Capture. */

/** In Chromium; others ignore what they do not know. TypeScript's DOM types do not have them yet. */
interface SurfaceOptions extends DisplayMediaStreamOptions {
  readonly surfaceSwitching: 'include' | 'exclude';
  readonly selfBrowserSurface: 'include' | 'exclude';
  readonly systemAudio: 'include' | 'exclude';
}

/** What the person chose to share; null where the browser does not say. */
export type Surface = 'monitor' | 'window' | 'browser' | null;

/** Text stays readable at 1080p; 30 frames a second let a shared film move. */
const OPTIONS: SurfaceOptions = {
  video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 30 } },
  // A film keeps both its channels, and nothing that is meant for voices touches it.
  audio: {
    channelCount: { ideal: 2 },
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
  },
  // The browser's bar then offers "share this tab instead".
  surfaceSwitching: 'include',
  // The meeting inside the meeting is a hall of mirrors.
  selfBrowserSurface: 'exclude',
  systemAudio: 'include',
};

interface WithPolicy {
  readonly featurePolicy?: { allowsFeature(name: string): boolean };
}

/**
 * Phones and tablets share no screen, nor does a page within another site that does not hand that on. An insecure page has
 * no devices at all, which is said where one reaches for them.
 *
 * @see https://caniuse.com/mdn-api_mediadevices_getdisplaymedia
 */
export function canShareScreen(): boolean {
  if ((document as WithPolicy).featurePolicy?.allowsFeature('display-capture') === false) return false;
  const devices = (navigator as { readonly mediaDevices?: Partial<MediaDevices> }).mediaDevices;
  return devices === undefined || typeof devices.getDisplayMedia === 'function';
}

/** @throws DOMException `NotAllowedError` when the person cancels. */
export function captureScreen(): Promise<MediaStream> {
  return navigator.mediaDevices.getDisplayMedia(OPTIONS);
}

export function surfaceOf(track: MediaStreamTrack): Surface {
  const { displaySurface } = track.getSettings();
  return displaySurface === 'monitor' || displaySurface === 'window' || displaySurface === 'browser'
    ? displaySurface
    : null;
}
