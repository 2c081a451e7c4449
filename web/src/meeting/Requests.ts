/**
 * Requests: what was asked of the node once, until it is known to have arrived.
 *
 * Says it again after a `joined`. A node takes messages in order: the `quality` that answers a later `stats` shows that it
 * has what came before. Knows nothing of what the requests mean.
 */
import type { ClientMessage } from '../protocol/index.ts';

export class Requests {
  readonly #send: (message: ClientMessage) => void;
  /** With how many questions had been asked before each. */
  #open: readonly { readonly message: ClientMessage; readonly asked: number }[] = [];
  #asked = 0;
  #answered = 0;

  constructor(send: (message: ClientMessage) => void) {
    this.#send = send;
  }

  readonly send = (message: ClientMessage): void => {
    this.#open = [...this.#open, { message, asked: this.#asked }];
    this.#send(message);
  };

  handleStatsSent(): void {
    this.#asked += 1;
  }

  handleQuality(): void {
    this.#answered += 1;
    this.#open = this.#open.filter(({ asked }) => asked >= this.#answered);
  }

  /** What is still wanted is said again: it may have gone into a socket that was dead. */
  handleJoined(isWanted: (message: ClientMessage) => boolean): void {
    this.#asked = this.#answered = 0;
    const again = this.#open.filter(({ message }) => isWanted(message));
    this.#open = [];
    for (const { message } of again) this.send(message);
  }
}
