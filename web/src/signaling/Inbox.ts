/**
 * Inbox: which numbered message of a session to take, drop or miss.
 *
 * Owns the last number seen, which survives sockets. Never owns a socket.
 */
export type Receipt =
  | 'next'
  /** Seen before: a resumed socket repeats what may have been lost. */
  | 'duplicate'
  /** Something between is missing; only a resume can bring it. */
  | 'gap';

export class Inbox {
  #last = 0;
  #unnumbered = 0;

  get last(): number {
    return this.#last;
  }

  /** A new session counts from 1 again. */
  reset(): void {
    this.#last = 0;
  }

  handleNumber(number: number): Receipt {
    if (number <= this.#last) return 'duplicate';
    if (number > this.#last + 1 + this.#unnumbered) return 'gap';
    this.#last = number;
    this.#unnumbered = 0;
    return 'next';
  }

  /** A message came whose number cannot be read: the next one may be one further. */
  handleUnnumbered(): void {
    this.#unnumbered += 1;
  }

  /** What comes through another socket comes again from the last number on. */
  handleSocket(): void {
    this.#unnumbered = 0;
  }

  /** A full roster makes everything before it known, whether its messages were seen or not. */
  handleSnapshot(number: number): void {
    this.#last = Math.max(this.#last, number);
  }
}
