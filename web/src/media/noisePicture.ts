/** A picture that nobody could send in fewer bits: each frame is new noise, so that an encoder fills what it may use. */

/** Small enough that drawing costs nothing, busy enough for some Mbit/s. */
const WIDTH = 480;
const HEIGHT = 270;
const FPS = 25;

export interface NoisePicture {
  readonly track: MediaStreamTrack;
  stop(): void;
}

/** Null where the page cannot draw. */
export function startNoisePicture(): NoisePicture | null {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d');
  const track = context === null ? undefined : canvas.captureStream(FPS).getVideoTracks()[0];
  if (context === null || track === undefined) return null;
  const frame = context.createImageData(WIDTH, HEIGHT);
  const pixels = new Uint32Array(frame.data.buffer);
  let state = 0x9e3779b9;
  const draw = (): void => {
    for (let index = 0; index < pixels.length; index += 1) {
      // Marsaglia's xorshift: thousands of times a frame, so that Math.random would cost more than encoding.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      pixels[index] = state | 0xff000000;
    }
    context.putImageData(frame, 0, 0);
  };
  draw();
  const timer = setInterval(draw, 1_000 / FPS);
  return {
    track,
    stop: () => {
      clearInterval(timer);
      track.stop();
    },
  };
}
