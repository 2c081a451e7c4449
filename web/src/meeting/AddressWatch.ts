/**
 * AddressWatch: whether the machine has still the address that the media came to.
 *
 * Looks when it is told to, and says so once it is gone. Never touches the connection.
 */
import { hostAddresses, type Connection, type ConnectionOptions } from '../rtc/index.ts';
import { PathWatch, isGone } from './PathWatch.ts';

export class AddressWatch {
  readonly #connection: () => Connection | null;
  readonly #onGone: () => void;
  readonly #createPeerConnection: ConnectionOptions['createPeerConnection'];
  #watched: Connection | null = null;
  #pathWatch = new PathWatch();
  #isLooking = false;

  constructor(
    connection: () => Connection | null,
    onGone: () => void,
    createPeerConnection: ConnectionOptions['createPeerConnection'],
  ) {
    this.#connection = connection;
    this.#onGone = onGone;
    this.#createPeerConnection = createPeerConnection;
  }

  /** Nothing comes back by waiting where the machine has no longer the address that the media came to. */
  async look(): Promise<void> {
    const connection = this.#connection();
    if (connection === null || this.#isLooking) return;
    if (connection !== this.#watched) this.#pathWatch = new PathWatch();
    this.#watched = connection;
    this.#isLooking = true;
    try {
      const sample = await connection.samplePath();
      if (sample === null || !this.#pathWatch.handleSample(sample, performance.now())) return;
      const create = this.#createPeerConnection;
      const addresses = await hostAddresses(create && (() => create({})));
      // That may have taken until the browser heard of another address, or until media came again.
      const isSilent = (await connection.samplePath())?.packets === sample.packets;
      if (connection === this.#connection() && isSilent && isGone(sample, addresses)) this.#onGone();
    } catch (error) {
      // A browser without what this takes finds out by ICE.
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    } finally {
      this.#isLooking = false;
    }
  }
}
