/** Turns a message of the client into the text frame that goes out. */
import type { ClientMessage } from './messages.ts';

export const MAX_OFFER_BYTES = 256 * 1024;
export const MAX_MESSAGE_BYTES = 64 * 1024;

/** @throws RangeError when the message is longer than a node accepts: it would end the socket. */
export function formatClientMessage(message: ClientMessage): string {
  const text = JSON.stringify(message);
  const carriesOffer = message.type === 'offer' || (message.type === 'join' && message.offer !== undefined);
  const limit = carriesOffer ? MAX_OFFER_BYTES : MAX_MESSAGE_BYTES;
  // One UTF-16 unit is at most 3 bytes of UTF-8, so only long messages need counting.
  if (text.length * 3 > limit && new TextEncoder().encode(text).length > limit) {
    throw new RangeError(`a ${message.type} message may hold ${String(limit)} bytes`);
  }
  return text;
}
