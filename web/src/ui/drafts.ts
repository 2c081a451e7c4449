/** What was written and not sent, kept while panels close, the network is away or the page reloads. */
import { create } from 'zustand';

const KEY = 'parley.draft';

interface Drafts {
  /** By meeting code: a draft for one meeting is none for another. */
  readonly code: string;
  readonly text: string;
  readonly write: (code: string, text: string) => void;
}

export const useDrafts = create<Drafts>((set) => ({
  ...recall(),
  write: (code, text) => {
    set({ code, text });
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ code, text }));
    } catch {
      // Storage forbidden or full: the draft lives as long as the page.
    }
  },
}));

function recall(): { readonly code: string; readonly text: string } {
  const none = { code: '', text: '' };
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return none;
    const { code, text } = kept as Record<string, unknown>;
    return typeof code === 'string' && typeof text === 'string' ? { code, text } : none;
  } catch {
    // Storage forbidden, or something else under this name.
    return none;
  }
}
