/** Emitter: typed events to any number of listeners. A listener may leave while it is called, and one that throws stops nobody. */
import { throwLater } from './throwLater.ts';

export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  /** Returns the call that ends the subscription. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  readonly emit = <Name extends keyof Events>(name: Name, event: Events[Name]): void => {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (event: Events[Name]) => void)(event);
      } catch (error) {
        throwLater(error);
      }
    }
  };
}
