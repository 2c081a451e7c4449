/**
 * PathWatch: notices that the address which carries the media is gone, as after a change from one Wi-Fi to another.
 *
 * ICE finds that out after six seconds of silence, as it cannot tell it from an outage. A machine that no longer has the
 * address can: nothing comes back by waiting. An outage is left to itself, since whatever is made anew during it fails too.
 * Pure: samples and time are passed in.
 */
import type { PathSample } from '../rtc/index.ts';

/** Without media a node still reports each second; two reports may get lost. */
const SILENCE_MS = 3_000;
/** Where media came until now. */
const BUSY_SILENCE_MS = 700;
const BUSY_PACKETS_PER_SECOND = 10;
/** Chromium hears of another address two seconds late on Linux. After that it is looked for ever more rarely. */
const OFTEN_MS = 4_000;
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 4_000;

export class PathWatch {
  #last: { readonly packets: number; readonly at: number } | null = null;
  #isBusy = false;
  #pauseMs = FIRST_PAUSE_MS;
  #lookAt = 0;

  /** Takes a sample; returns whether it is time to look which addresses the machine has. */
  handleSample({ packets, silentMs, address }: PathSample, now: number): boolean {
    const last = this.#last;
    if (last?.packets !== packets) {
      const seconds = last === null ? Infinity : (now - last.at) / 1_000;
      this.#isBusy = last !== null && (packets - last.packets) / seconds >= BUSY_PACKETS_PER_SECOND;
      this.#last = { packets, at: now };
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#lookAt =
        now - Math.min(silentMs, BUSY_SILENCE_MS) + (this.#isBusy ? BUSY_SILENCE_MS : SILENCE_MS);
      return false;
    }
    if (address === null || now < this.#lookAt) return false;
    this.#lookAt = now + this.#pauseMs;
    if (now - last.at >= OFTEN_MS) this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    return true;
  }
}

/** Whether the path's address is gone. A machine without any is between two networks, or its browser tells none. */
export function isGone({ address }: PathSample, addresses: ReadonlySet<string>): boolean {
  return address !== null && addresses.size > 0 && !addresses.has(address);
}
