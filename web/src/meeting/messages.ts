/** The chat as one has it: what the node repeats to whoever joins or comes back, and what one heard before. Pure. */
import type { ChatMessage } from './types.ts';

/** What people scroll back to; the node repeats less than this to newcomers. */
export const MAX_MESSAGES = 500;

/** Both, each message once, in order of time. The same array when nothing is new. */
export function mergeMessages(
  known: readonly ChatMessage[],
  told: readonly ChatMessage[],
): readonly ChatMessage[] {
  const ids = new Set(known.map(({ id }) => id));
  const added = told.filter(({ id }) => !ids.has(id));
  if (added.length === 0) return known;
  return [...known, ...added].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).slice(-MAX_MESSAGES);
}

/** A message as it is kept: without what only its delivery needs. */
export function lineOf({ id, from, displayName, text, at, to }: ChatMessage): ChatMessage {
  return { id, from, displayName, text, at, ...(to === undefined ? {} : { to }) };
}
