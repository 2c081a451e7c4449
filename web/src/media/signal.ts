/** What comes out of a microphone: nothing at all, a quiet room, or a voice. Pure; time is passed in. */

export type MicrophoneSignal = 'unknown' | 'silent' | 'quiet' | 'speaking';

/** dBFS. Every real microphone hisses above this; below it the device is switched off or its driver is asleep. */
const SILENT_DB = -85;
/** dBFS of a voice at arm's length with automatic gain; typing and fans stay below. */
const SPEECH_DB = -42;
/** Drivers start with a second or two of nothing. */
const SILENT_AFTER_MS = 4_000;
/** Longer than a cough or a cup on the table. */
const SPEECH_AFTER_MS = 300;
/** Pauses within a sentence. */
const SPEECH_HOLD_MS = 1_200;

export class SignalDetector {
  #silentSince: number | null = null;
  #loudMs = 0;
  #spokeAt = -Infinity;
  #at: number | null = null;
  #hasSignal = false;

  /** @param decibels Root mean square since the last call, dBFS. @param now Monotonic milliseconds. */
  handleLevel(decibels: number, now: number): MicrophoneSignal {
    const passed = this.#at === null ? 0 : Math.max(0, now - this.#at);
    this.#at = now;
    if (decibels > SILENT_DB) {
      this.#silentSince = null;
      this.#hasSignal = true;
    } else this.#silentSince ??= now;
    if (this.#silentSince !== null && now - this.#silentSince >= SILENT_AFTER_MS) {
      this.#hasSignal = false;
      return 'silent';
    }
    this.#loudMs = decibels >= SPEECH_DB ? this.#loudMs + passed : Math.max(0, this.#loudMs - passed);
    if (this.#loudMs >= SPEECH_AFTER_MS) {
      this.#spokeAt = now;
      this.#loudMs = SPEECH_AFTER_MS;
    }
    if (now - this.#spokeAt < SPEECH_HOLD_MS) return 'speaking';
    return this.#hasSignal ? 'quiet' : 'unknown';
  }
}

/** Root mean square of samples in −1..1, as dBFS. */
export function decibelsOf(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) sum += (samples[index] ?? 0) ** 2;
  return 10 * Math.log10(sum / Math.max(1, samples.length) + Number.MIN_VALUE);
}
