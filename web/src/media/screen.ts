/** Screen capture: one question to the person, no state. Source: W3C Screen Capture. */

/** Text stays readable at 1080p; 30 frames a second let a shared film move. */
const CONSTRAINTS: DisplayMediaStreamOptions = {
  video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 30 } },
  audio: true,
};

/** @throws DOMException `NotAllowedError` when the person cancels. */
export function captureScreen(): Promise<MediaStream> {
  return navigator.mediaDevices.getDisplayMedia(CONSTRAINTS);
}
