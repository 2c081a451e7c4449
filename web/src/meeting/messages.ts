/** The chat as one has it: what the node repeats to whoever joins or comes back, and what one heard before. Pure. */
import type { ChatMessage } from './types.ts';

/** What people scroll back to; the node repeats less than this to newcomers. */
export const MAX_MESSAGES = 500;

/** Both, each message once, in order of time. The same array when nothing is new. */
export function mergeMessages(
  known: readonly ChatMessage[],
  told: readonly ChatMessage[],
): readonly ChatMessage[] {
  const ids = new Set(known.flatMap(namesOf));
  const added = told.filter((message) => !namesOf(message).some((name) => ids.has(name)));
  if (added.length === 0) return known;
  return [...known, ...added].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).slice(-MAX_MESSAGES);
}

/** Another node gives the same message, said again, another id. */
function namesOf({ id, from, key }: ChatMessage): readonly string[] {
  return key === undefined ? [id] : [id, `${from} ${key}`];
}

/** A message as it is kept: without what only its delivery needs. */
export function lineOf({ id, from, displayName, text, at, to, key }: ChatMessage): ChatMessage {
  const addressee = to === undefined ? {} : { to };
  return { id, from, displayName, text, at, ...addressee, ...(key === undefined ? {} : { key }) };
}
