/**
 * CodecChoice: what the camera is sent in now, by what everybody here decodes, what this device encodes and how it does.
 *
 * Pure: time is handed in. What somebody cannot decode is left at once, and so is what costs too much; for something better
 * it waits until nobody has come or gone for a while, so that a meeting with a lively door does not flap.
 */
import type { Device } from '../../media/index.ts';
import type { SharedCodecs } from '../../protocol/index.ts';
import type { CameraCodec } from '../../rtc/index.ts';
import { codecFor } from './policy.ts';

/** Each change is a keyframe of every size. */
const CALM_MS = 10_000;

export class CodecChoice {
  readonly #wished: CameraCodec | null;
  #device: Device | null = null;
  #shared: SharedCodecs | null = null;
  #hasRoom = true;
  #codec: CameraCodec;
  #better: { readonly codec: CameraCodec; readonly since: number } | null = null;
  #hasChosen = false;

  /** @param wished what the page asked for; it is sent as long as everybody decodes it. */
  constructor(wished: CameraCodec | null) {
    this.#wished = wished;
    this.#codec = wished ?? 'vp8';
  }

  get codec(): CameraCodec {
    return this.#codec;
  }

  handleDevice(device: Device): void {
    this.#device = device;
  }

  /** Of the node; null from one that does not say. */
  handleShared(shared: SharedCodecs | null): void {
    this.#shared = shared;
  }

  /** Whether the device does all that is asked of it, so that an encoder may cost more. */
  handleRoom(hasRoom: boolean): void {
    this.#hasRoom = hasRoom;
  }

  /** Decides anew; returns whether the codec has changed. @param now monotonic milliseconds. */
  settle(now: number): boolean {
    const best = codecFor(this.#device, this.#shared, { wished: this.#wished, hasRoom: this.#hasRoom });
    if (best === this.#codec) {
      this.#better = null;
      return false;
    }
    const isWrong = this.#shared !== null && !this.#shared.decodable.includes(this.#codec);
    if (!isWrong && this.#hasRoom && this.#hasChosen) {
      if (this.#better?.codec !== best) this.#better = { codec: best, since: now };
      if (now - this.#better.since < CALM_MS) return false;
    }
    this.#better = null;
    this.#codec = best;
    // Before anybody has said what they decode nothing was chosen.
    this.#hasChosen = this.#shared !== null;
    return true;
  }
}
