/**
 * PushToTalk: heard while a key or button is held.
 *
 * Owns nothing but the time after release: the last syllable is still on its way when the finger lifts.
 */
const RELEASE_MS = 200;

export class PushToTalk {
  readonly #setMuted: (muted: boolean) => void;
  #isHeld = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(setMuted: (muted: boolean) => void) {
    this.#setMuted = setMuted;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** A key that is held repeats; that changes nothing. */
  press(): void {
    this.#cancel();
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#setMuted(false);
  }

  /** Also when the page loses focus: the key's release is then told to somebody else. */
  release(): void {
    if (!this.#isHeld || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#isHeld = false;
      this.#setMuted(true);
    }, RELEASE_MS);
  }

  /** Mutes at once if the key is still held. */
  close(): void {
    this.#cancel();
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#setMuted(true);
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
