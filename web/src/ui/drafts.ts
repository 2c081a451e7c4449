/** What was written and not sent, kept while panels close, the network is away or the page reloads. */
import { create } from 'zustand';

const KEY = 'parley.draft';

/** Named, so that one reads for whom it was when they are gone. */
export interface Receiver {
  readonly id: string;
  readonly name: string;
}

interface Draft {
  /** A draft for one meeting is none for another. */
  readonly code: string;
  readonly text: string;
  /** Null for everyone. Kept with the text: what was written for one is not to go to all. */
  readonly to: Receiver | null;
}

interface Drafts extends Draft {
  readonly write: (code: string, text: string) => void;
  readonly address: (code: string, to: Receiver | null) => void;
}

const NONE: Draft = { code: '', text: '', to: null };

export const useDrafts = create<Drafts>((set, get) => {
  const keep = (code: string, change: Partial<Draft>): void => {
    const { text, to } = draftOf(get(), code);
    const draft = { code, text, to, ...change };
    set(draft);
    try {
      sessionStorage.setItem(KEY, JSON.stringify(draft));
    } catch {
      // Storage forbidden or full: the draft lives as long as the page.
    }
  };
  return {
    ...recall(),
    write: (code, text) => {
      keep(code, { text });
    },
    address: (code, to) => {
      keep(code, { to });
    },
  };
});

export function draftOf(draft: Draft, code: string): Draft {
  return draft.code === code ? draft : { ...NONE, code };
}

function recall(): Draft {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return NONE;
    const { code, text, to } = kept as Record<string, unknown>;
    return typeof code === 'string' && typeof text === 'string'
      ? { code, text, to: isReceiver(to) ? { id: to.id, name: to.name } : null }
      : NONE;
  } catch {
    // Storage forbidden, or something else under this name.
    return NONE;
  }
}

function isReceiver(kept: unknown): kept is Receiver {
  if (typeof kept !== 'object' || kept === null) return false;
  const { id, name } = kept as Record<string, unknown>;
  return typeof id === 'string' && typeof name === 'string';
}
