/** PacedLines: tells lines at a pace at which one can listen. Owns the timer for what is told later. */
import { CALM, tellLines, type Pace, type Told } from './pace.ts';

export class PacedLines<Line> {
  readonly #onTold: (told: Told<Line>) => void;
  #pace: Pace<Line> = CALM;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onTold: (told: Told<Line>) => void) {
    this.#onTold = onTold;
  }

  add(lines: readonly Line[]): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const { pace, told } = tellLines(this.#pace, lines, now);
    this.#pace = pace;
    if (pace.dueAt !== null) {
      this.#timer = setTimeout(() => {
        this.add([]);
      }, pace.dueAt - now);
    }
    told.forEach(this.#onTold);
  }

  /** What is held is told no more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#pace = CALM;
  }
}
