/** TestSocket: the WebSocket of one region's test; what is asked is answered in order. */
import { TEST_SUBPROTOCOL, parseTestReply, type TestReply, type TestRequest } from '../../protocol/index.ts';

export type OpenSocket = (url: string, protocol: string) => WebSocket;

/** As long as a client of a meeting waits for its node. */
const TIMEOUT_MS = 5_000;

/** The socket did not open, closed, or said something else than was asked; `code` is the node's own, where it gave one. */
export class TestSocketError extends Error {
  override readonly name = 'TestSocketError';
  readonly code: string | null;

  constructor(message: string, code: string | null = null) {
    super(message);
    this.code = code;
  }
}

type Reply<Type extends TestReply['type']> = Extract<TestReply, { type: Type }>;

interface Waiting {
  readonly resolve: (reply: TestReply) => void;
  readonly reject: (error: TestSocketError) => void;
}

export class TestSocket {
  readonly #socket: WebSocket;
  #waiting: Waiting[] = [];
  #error: TestSocketError | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = (event) => {
      this.#handleFrame(event.data);
    };
    socket.onclose = () => {
      this.#fail(new TestSocketError('the node closed the test'));
    };
  }

  /** @throws TestSocketError */
  static async open(
    nodeUrl: string,
    open: OpenSocket = (url, protocol) => new WebSocket(url, protocol),
  ): Promise<TestSocket> {
    const url = `${nodeUrl.replace(/\/$/, '').replace(/^http/, 'ws')}/test`;
    const socket = open(url, TEST_SUBPROTOCOL);
    const made = new TestSocket(socket);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        made.close();
        reject(new TestSocketError('the node did not accept the connection'));
      }, TIMEOUT_MS);
      socket.onopen = () => {
        clearTimeout(timer);
        resolve();
      };
      made.#waiting.push({
        resolve: () => undefined,
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
    made.#waiting = [];
    return made;
  }

  /** @throws TestSocketError */
  async ask<Type extends TestReply['type']>(request: TestRequest, type: Type): Promise<Reply<Type>> {
    if (this.#error !== null) throw this.#error;
    const reply = await new Promise<TestReply>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#fail(new TestSocketError('the node does not answer'));
      }, TIMEOUT_MS);
      this.#waiting.push({
        resolve: (found) => {
          clearTimeout(timer);
          resolve(found);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#socket.send(JSON.stringify(request));
    });
    if (reply.type === type) return reply as Reply<Type>;
    throw new TestSocketError(`the node said ${reply.type} and not ${type}`);
  }

  close(): void {
    this.#socket.onclose = null;
    this.#socket.close(1000);
    this.#fail(new TestSocketError('the test is over'));
  }

  #handleFrame(data: unknown): void {
    const reply = typeof data === 'string' ? parseTestReply(data) : null;
    if (reply === null) this.#fail(new TestSocketError('the node said what is no message of a test'));
    else if (reply.type === 'error') this.#fail(new TestSocketError(reply.message, reply.code));
    else this.#waiting.shift()?.resolve(reply);
  }

  #fail(error: TestSocketError): void {
    this.#error ??= error;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(this.#error);
  }
}
