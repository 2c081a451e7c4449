/**
 * Liveness: tells a dead socket from a quiet one.
 *
 * A browser reports a lost TCP path only after minutes. Each `stats` is answered by `quality`, so silence after a
 * question is proof; silence alone is not.
 */

/** Two rounds of stats (2 s apart) and a second: one late answer is not a dead socket. */
export const ANSWER_TIMEOUT_MS = 5_000;

export class Liveness {
  #askedAt: number | null = null;

  handleSent(now: number): void {
    this.#askedAt ??= now;
  }

  handleReceived(): void {
    this.#askedAt = null;
  }

  isDead(now: number): boolean {
    return this.#askedAt !== null && now - this.#askedAt >= ANSWER_TIMEOUT_MS;
  }
}
