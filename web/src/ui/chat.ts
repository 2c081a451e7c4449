/** Chat as text: which parts are links, and what was not read yet. Pure. */
import type { ChatMessage } from '../meeting/index.ts';

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

/** What people paste; anything but http and https stays text, above all `javascript:` and `data:`. */
const ADDRESS = /https?:\/\/[^\s<>"'`\p{Cc}\u202a-\u202e\u2066-\u2069]+/giu;

/** Ends a sentence rather than an address. */
const TRAILING = /[.,;:!?…]+$/u;

export function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const typed = withoutTail(match[0]);
    const href = hrefOf(typed);
    if (href === null) continue;
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push({ kind: 'link', text: typed, href });
    end = match.index + typed.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** A bracket that was opened before the address closes after it. */
function withoutTail(address: string): string {
  let typed = address.replace(TRAILING, '');
  while (typed.endsWith(')') && count(typed, ')') > count(typed, '(')) {
    typed = typed.slice(0, -1).replace(TRAILING, '');
  }
  return typed;
}

/** Null where the address does not lead where it seems to: a name before an `@` is taken for the host. */
function hrefOf(typed: string): string | null {
  const url = URL.canParse(typed) ? new URL(typed) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  return url.username !== '' || url.password !== '' ? null : url.href;
}

function count(text: string, letter: string): number {
  return text.split(letter).length - 1;
}

/** How many messages of others came after the one that was seen last; null when nothing was. */
export function countUnread(
  messages: readonly ChatMessage[],
  lastSeen: string | null,
  self: string | null,
): number {
  const seen = messages.findLastIndex(({ id }) => id === lastSeen);
  return messages.slice(seen + 1).filter(({ from }) => from !== self).length;
}
