/** What a meeting does by the clock while it goes on. */

/** As the protocol says: `stats` every 2 s, whose answer is the sign of life. */
const STATS_INTERVAL_MS = 2_000;
const TICK_MS = 500;

export class Beat {
  readonly #onTick: () => void;
  readonly #onStats: () => void;
  #timers: ReturnType<typeof setInterval>[] = [];

  constructor(onTick: () => void, onStats: () => void) {
    this.#onTick = onTick;
    this.#onStats = onStats;
  }

  start(): void {
    this.stop();
    this.#timers = [setInterval(this.#onTick, TICK_MS), setInterval(this.#onStats, STATS_INTERVAL_MS)];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }
}
