/**
 * Chat: what was said, and what one has said that nobody may have heard yet.
 *
 * Owns both. A message has a key of its own; it is said again after each `joined` until the node's own word of it comes
 * back, and a node takes a key once. Source: docs/signaling.md, `message`.
 */
import type { ChatLine, ClientMessage } from '../protocol/index.ts';
import { lineOf, mergeMessages } from './messages.ts';
import type { ChatMessage, MeetingSnapshot, OutgoingMessage, ParticipantId } from './types.ts';

/** As the node allows. */
const MAX_LETTERS = 16_000;
/** By these the node's refusal of a message is known; offers count from 1. */
const FIRST_ID = 1_500_000_000;

type Outgoing = OutgoingMessage & { readonly id: number };

export class Chat {
  readonly #send: (message: ClientMessage) => void;
  readonly #onChange: () => void;
  #messages: readonly ChatMessage[] = [];
  #outgoing: readonly Outgoing[] = [];
  #nextId = FIRST_ID;
  /** The same person may have used keys in a page before this one. */
  readonly #prefix = Array.from(crypto.getRandomValues(new Uint32Array(2)), (one) => one.toString(36)).join(
    '',
  );

  constructor(send: (message: ClientMessage) => void, onChange: () => void) {
    this.#send = send;
    this.#onChange = onChange;
  }

  /** Its part of the meeting's snapshot. */
  get shown(): Pick<MeetingSnapshot, 'messages' | 'outgoing'> {
    return { messages: this.#messages, outgoing: this.#outgoing };
  }

  send(text: string, to?: ParticipantId): void {
    const id = this.#nextId++;
    const key = `${this.#prefix}-${String(id - FIRST_ID)}`;
    const addressee = to === undefined ? {} : { to };
    const isTooLong = text.length > MAX_LETTERS;
    const state = isTooLong ? ({ state: 'notSent', reason: 'too_large' } as const) : SENDING;
    const one: Outgoing = { id, key, text, ...addressee, ...state };
    this.#outgoing = [...this.#outgoing, one];
    if (!isTooLong) this.#say(one);
    this.#onChange();
  }

  /** Once more, for one that was not sent. */
  retry(key: string): void {
    const one = this.#outgoing.find((candidate) => candidate.key === key);
    if (one?.state !== 'notSent') return;
    this.#change(one, SENDING);
    this.#say(one);
    this.#onChange();
  }

  discard(key: string): void {
    this.#outgoing = this.#outgoing.filter((one) => one.key !== key);
    this.#onChange();
  }

  /** What the history has is sent; the rest is said again, as it may have gone into a socket that was dead. */
  handleJoined(history: readonly ChatLine[], self: ParticipantId): void {
    for (const line of history) this.#settle(line, self);
    this.#messages = mergeMessages(this.#messages, history.map(lineOf));
    for (const one of this.#outgoing) if (one.state === 'sending') this.#say(one);
  }

  /** Returns the message, if it is new. */
  handleLine(told: ChatLine, self: ParticipantId | null): ChatMessage | null {
    if (self !== null) this.#settle(told, self);
    const line = lineOf(told);
    const before = this.#messages;
    this.#messages = mergeMessages(before, [line]);
    return this.#messages === before ? null : line;
  }

  /** Returns whether it was a message that the node refused. */
  handleRefused(id: number | undefined, code: string): boolean {
    const one = this.#outgoing.find((candidate) => candidate.id === id);
    if (one !== undefined) this.#change(one, { state: 'notSent', reason: code });
    return one !== undefined;
  }

  /** After the end nothing is sent any more. */
  handleEnd(): void {
    for (const one of this.#outgoing) if (one.state === 'sending') this.#change(one, NOT_SENT);
  }

  #say({ id, key, text, to }: Outgoing): void {
    this.#send({ type: 'message', id, key, text, ...(to === undefined ? {} : { to }) });
  }

  /** A node of before keys does not say which message it is. */
  #settle({ from, key, text, to }: ChatLine, self: ParticipantId): void {
    if (from !== self) return;
    const sent = this.#outgoing.find((one) =>
      key === undefined ? one.text === text && one.to === to : one.key === key,
    );
    this.#outgoing = this.#outgoing.filter((one) => one !== sent);
  }

  #change(one: Outgoing, state: Pick<OutgoingMessage, 'state' | 'reason'>): void {
    this.#outgoing = this.#outgoing.map((other) => (other.key === one.key ? { ...other, ...state } : other));
  }
}

const SENDING = { state: 'sending', reason: null } as const;
const NOT_SENT = { state: 'notSent', reason: null } as const;
