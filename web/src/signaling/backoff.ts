/** How long to wait before attempt n. Pure; the random number is passed in. */

/** Doubles from 0.25 s; the cap keeps a person's wait after the network returns near the promised 2 s. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 4_000;

/**
 * The first attempt goes out at once: most losses are a socket, not a network. Later ones are spread over the upper
 * half of their interval, so that a node's clients do not come back in one wave.
 *
 * @param attempt 1 for the first attempt.
 * @param random In [0, 1).
 */
export function backoffDelayMs(attempt: number, random: number): number {
  if (attempt <= 1) return 0;
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 2));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
