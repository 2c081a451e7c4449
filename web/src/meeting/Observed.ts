/** Observed: a snapshot that others look at, and are told of when a part of it is another one. */
export class Observed<Snapshot extends object> {
  #value: Snapshot;
  readonly #listeners = new Set<() => void>();

  constructor(value: Snapshot) {
    this.#value = value;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): Snapshot => this.#value;

  /** Parts are compared by reference; the same ones tell nobody. */
  set(next: Snapshot): void {
    const before = this.#value;
    const names = Object.keys(next) as (keyof Snapshot)[];
    if (names.every((name) => Object.is(before[name], next[name]))) return;
    this.#value = next;
    for (const listener of [...this.#listeners]) listener();
  }
}
