/**
 * What a film can be held to: a camera and a screen whose pictures carry the time, and a microphone that beeps with
 * each whole second, all by the clock of one audio context.
 */

/** Pictures a second, and what one step of the counter stands for. */
const RATE = 30;
const STEPS_PER_SECOND = 100;
/** As tests/support/recorded_meeting.py reads them: above the bits, below their opposites. */
const BITS = 16;
const LIGHT = 'rgb(226,226,226)';
const DARK = 'rgb(28,28,28)';
const SAMPLE_RATE = 48_000;
/** How far ahead beeps are set. */
const AHEAD_SECONDS = 3;
const BEEP_SECONDS = 0.1;
const VOLUME = 0.4;
/** Ten seconds have a tone each. */
const LOWEST_HZ = 500;
const STEP_HZ = 100;
/** Timers that look more often than anything is due keep it at its time. */
const LOOK_MS = 4;

/** A picture that may change its size, as one does when a phone is turned. */
class CountingPicture {
  readonly track: MediaStreamTrack;
  readonly #canvas: OffscreenCanvas;
  readonly #writer: WritableStreamDefaultWriter<VideoFrame>;

  constructor(width: number, height: number) {
    this.#canvas = new OffscreenCanvas(width, height);
    const generator = new MediaStreamTrackGenerator({ kind: 'video' });
    this.track = generator;
    this.#writer = generator.writable.getWriter();
  }

  resize(width: number, height: number): void {
    this.#canvas.width = width;
    this.#canvas.height = height;
  }

  show(counter: number): void {
    const context = this.#canvas.getContext('2d');
    if (context === null) throw new Error('a canvas without a context');
    paint(context, this.#canvas, counter);
    const frame = new VideoFrame(this.#canvas, { timestamp: Math.round(performance.now() * 1000) });
    // A track that was stopped takes nothing more.
    this.#writer.write(frame).catch(() => {
      frame.close();
    });
  }
}

function paint(
  context: OffscreenCanvasRenderingContext2D,
  { width, height }: OffscreenCanvas,
  counter: number,
): void {
  for (let bit = 0; bit < BITS; bit += 1) {
    const isSet = ((counter >> (BITS - 1 - bit)) & 1) === 1;
    const left = Math.round((bit * width) / BITS);
    const right = Math.round(((bit + 1) * width) / BITS);
    context.fillStyle = isSet ? LIGHT : DARK;
    context.fillRect(left, 0, right - left, height / 2);
    context.fillStyle = isSet ? DARK : LIGHT;
    context.fillRect(left, height / 2, right - left, height / 2);
  }
}

export class Counting {
  readonly camera: CountingPicture;
  readonly microphone: MediaStreamTrack;
  readonly #audio = new AudioContext({ sampleRate: SAMPLE_RATE });
  readonly #voice = this.#audio.createMediaStreamDestination();
  #screen: CountingPicture | null = null;
  #drawn = -1;
  #beeps = 0;

  constructor(width: number, height: number) {
    this.camera = new CountingPicture(width, height);
    const [microphone] = this.#voice.stream.getAudioTracks();
    if (microphone === undefined) throw new Error('no sound');
    this.microphone = microphone;
    navigator.mediaDevices.getDisplayMedia = () => {
      this.#screen = new CountingPicture(width, height);
      return Promise.resolve(new MediaStream([this.#screen.track]));
    };
    setInterval(() => {
      this.#go();
    }, LOOK_MS);
  }

  get seconds(): number {
    return this.#audio.currentTime;
  }

  #go(): void {
    while (this.#beeps < this.seconds + AHEAD_SECONDS) this.#beep((this.#beeps += 1));
    const due = Math.floor(this.seconds * RATE);
    if (due === this.#drawn) return;
    this.#drawn = due;
    const counter = Math.round(this.seconds * STEPS_PER_SECOND);
    this.camera.show(counter);
    this.#screen?.show(counter);
  }

  #beep(second: number): void {
    const tone = this.#audio.createOscillator();
    const volume = this.#audio.createGain();
    tone.frequency.value = LOWEST_HZ + STEP_HZ * (second % 10);
    volume.gain.value = VOLUME;
    tone.connect(volume).connect(this.#voice);
    tone.start(second);
    tone.stop(second + BEEP_SECONDS);
  }
}

declare global {
  interface Window {
    Counting: typeof Counting;
    counting: Counting;
  }
  /** Chromium's own, and of no standard. TypeScript's DOM types do not have it. */
  class MediaStreamTrackGenerator extends MediaStreamTrack {
    constructor(options: { readonly kind: 'video' });
    readonly writable: WritableStream<VideoFrame>;
  }
}

window.Counting = Counting;
