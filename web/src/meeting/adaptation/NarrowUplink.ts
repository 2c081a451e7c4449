/**
 * NarrowUplink: how much of what is sent the way to the node carries, where it carries hardly a voice. Pure.
 *
 * Browsers do not find that out: their estimate never falls below what their encoders make at least, and what is sent
 * beyond the path takes most of the voice along. A path that loses packets by chance loses less than this, and keeps
 * everything. Whether there is room again is found out by trying, ever more rarely.
 */
import type { Uplink, VoiceSample } from '../../rtc/index.ts';

/** Most first. */
const UPLINKS: readonly Uplink[] = ['all', 'voice', 'narrow'];

/** Of the microphone's packets. One sample, of two seconds, may be of a moment. */
const MUCH_LOSS = 0.5;
const SAMPLES = 2;
/** Where pictures have just been left out, or something is tried, one sample says it, once what was under way is gone. */
const MUCH_LOSS_OF_VOICE = 0.4;
/** A silent microphone sends a packet now and then, which says nothing. */
const MIN_PACKETS = 10;
/** How long it has to do well before more is tried. A voice that is sent twice again does little harm. */
const FIRST_CALM_MS: Readonly<Record<Uplink, number>> = { all: 0, voice: 0, narrow: 4_000 };
/** After the first trial that failed. */
const SECOND_CALM_MS = 4_000;
const LONGEST_CALM_MS: Readonly<Record<Uplink, number>> = { all: 0, voice: 60_000, narrow: 20_000 };
const RARER: Readonly<Record<Uplink, number>> = { all: 1, voice: 1.5, narrow: 1.1 };
/** What has held for so long was no trial. */
const HELD_MS = 30_000;

export class NarrowUplink {
  #level = 0;
  #before: number | null = null;
  #bad = 0;
  #calmSince: number | null = null;
  #calmMs: Record<Uplink, number> = { ...FIRST_CALM_MS };
  #triedAt = -Infinity;
  #arePicturesTried = false;

  get uplink(): Uplink {
    return UPLINKS[this.#level] ?? 'narrow';
  }

  /** A trial that has shown nothing yet changes nothing for people: else pictures would come and go where they do not fit. */
  get arePicturesPaused(): boolean {
    return this.#level > 0 || this.#arePicturesTried;
  }

  /** @param now monotonic milliseconds. Returns whether it has changed. */
  handleVoice(now: number, { packetsSent, loss }: VoiceSample): boolean {
    const before = this.#before;
    this.#before = packetsSent;
    if (before === null || packetsSent < before) return this.#begin();
    const isHeard = packetsSent - before >= MIN_PACKETS;
    const isTrial = now - this.#triedAt < HELD_MS;
    const most = this.#level > 0 || isTrial ? MUCH_LOSS_OF_VOICE : MUCH_LOSS;
    if (isHeard && loss >= most) return this.#handleBad(isTrial);
    this.#bad = 0;
    return this.#handleCalm(now);
  }

  /** A connection that was made anew begins with everything. */
  #begin(): boolean {
    const wasAll = this.#level === 0;
    this.#level = 0;
    this.#bad = 0;
    this.#arePicturesTried = false;
    return !wasAll;
  }

  #handleBad(isTrial: boolean): boolean {
    this.#bad += 1;
    this.#calmSince = null;
    this.#arePicturesTried = false;
    if (this.#level === UPLINKS.length - 1 || (!isTrial && this.#bad < SAMPLES)) return false;
    this.#bad = 0;
    this.#level += 1;
    const { uplink } = this;
    const calmMs = isTrial
      ? Math.max(SECOND_CALM_MS, this.#calmMs[uplink] * RARER[uplink])
      : FIRST_CALM_MS[uplink];
    this.#calmMs[uplink] = Math.min(LONGEST_CALM_MS[uplink], calmMs);
    this.#triedAt = -Infinity;
    return true;
  }

  #handleCalm(now: number): boolean {
    this.#calmSince ??= now;
    this.#arePicturesTried = false;
    if (this.#level === 0 || now - this.#calmSince < this.#calmMs[this.uplink]) return false;
    this.#level -= 1;
    this.#calmSince = null;
    this.#triedAt = now;
    this.#arePicturesTried = this.#level === 0;
    return true;
  }
}
