/**
 * Requests: what was asked of the node once, until it is known to have arrived.
 *
 * Says it again after a `joined`. A node takes messages in order: the `quality` that answers a later `stats` shows that it
 * has what came before, and has refused nothing of it. Knows nothing of what the requests mean.
 */
import type { ClientMessage, NodeMessageBody } from '../protocol/index.ts';
import { MeetingError, errorOfRefusal } from './errors.ts';
import type { Refusal } from './types.ts';

type NodeError = Extract<NodeMessageBody, { type: 'error' }>;

interface Request {
  readonly message: ClientMessage & { readonly id: number };
  /** How many questions had been asked before it. */
  readonly asked: number;
  /** Said again: the node may have carried it out before. */
  readonly isRepeated: boolean;
  readonly resolve: () => void;
  readonly reject: (error: MeetingError) => void;
}

/** By these the node's refusal is known; offers, tracks and chat count from below. */
const FIRST_ID = 2_500_000_000;

export class Requests {
  readonly #send: (message: ClientMessage) => void;
  readonly #isOpen: () => boolean;
  #open: readonly Request[] = [];
  #nextId = FIRST_ID;
  #asked = 0;
  #answered = 0;

  /** `isOpen`: whether the meeting goes on, or may begin. */
  constructor(send: (message: ClientMessage) => void, isOpen: () => boolean) {
    this.#send = send;
    this.#isOpen = isOpen;
  }

  /** Resolves once the node has taken it. Who does not wait for that need not catch what it rejects with. */
  readonly send = (message: ClientMessage): Promise<void> => {
    const taken = new Promise<void>((resolve, reject) => {
      if (!this.#isOpen()) throw meetingOver();
      this.#say({
        message: { ...message, id: message.id ?? this.#nextId++ },
        asked: 0,
        isRepeated: false,
        resolve,
        reject,
      });
    });
    taken.catch(() => undefined);
    return taken;
  };

  handleStatsSent(): void {
    this.#asked += 1;
  }

  handleQuality(): void {
    this.#answered += 1;
    const taken = this.#open.filter(({ asked }) => asked < this.#answered);
    this.#open = this.#open.filter(({ asked }) => asked >= this.#answered);
    for (const { resolve } of taken) resolve();
  }

  /** Returns the request that the node refused, if it was one of these; `done` for one that it had carried out before. */
  handleRefused(error: NodeError): ClientMessage | 'done' | null {
    const refused = this.#open.find(({ message }) => message.id === error.id);
    if (refused === undefined) return null;
    this.#open = this.#open.filter((one) => one !== refused);
    if (refused.isRepeated && error.code === 'not_found') {
      refused.resolve();
      return 'done';
    }
    refused.reject(errorOfRefusal(error.code, error.message));
    return refused.message;
  }

  /** What is still wanted is said again: it may have gone into a socket that was dead. */
  handleJoined(isWanted: (message: ClientMessage) => boolean): void {
    this.#asked = this.#answered = 0;
    const before = this.#open;
    this.#open = [];
    for (const request of before) {
      if (isWanted(request.message)) this.#say({ ...request, isRepeated: true });
      else request.resolve();
    }
  }

  handleEnd(): void {
    const before = this.#open;
    this.#open = [];
    for (const { reject } of before) reject(meetingOver());
  }

  #say(request: Request): void {
    this.#open = [...this.#open, { ...request, asked: this.#asked }];
    this.#send(request.message);
  }
}

function meetingOver(): MeetingError {
  return new MeetingError('meeting_ended', 'the meeting is over');
}

/** What a refusal is about: as it was sent, or as the node names it, which older ones do not. */
export function refusalOf({ code, message, request }: NodeError, sent: ClientMessage | null): Refusal {
  if (sent === null) return { code, message, request: request ?? null };
  if (sent.type !== 'moderate') return { code, message, request: { type: sent.type } };
  const { type, action, participant } = sent;
  return { code, message, request: { type, action, ...(participant !== undefined && { participant }) } };
}

/** Who was asked to unmute may have answered, and a share may have ended: such a question is put again by whoever asks. */
export function isSaidAgain(asksToShare: boolean): (message: ClientMessage) => boolean {
  return (message) =>
    message.type === 'moderate'
      ? message.action !== 'askToUnmute'
      : message.type !== 'askToShare' || asksToShare;
}
