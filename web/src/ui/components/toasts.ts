/** Short notes that go by themselves. */
import { create } from 'zustand';
import { useSettings, type Announced } from '../settings.ts';

export interface Toast {
  readonly id: number;
  readonly text: string;
  /** Shown, but not read aloud: the person silenced its kind. */
  readonly isQuiet: boolean;
}

/** As long as a short sentence takes to be noticed and read. */
const SHOWN_MS = 4_000;

export const useToasts = create<{ readonly toasts: readonly Toast[] }>(() => ({ toasts: [] }));

let lastId = 0;

/** `kind` is what the person may have silenced; other notes are always read aloud. */
export function showToast(text: string, kind: Announced | null = null): void {
  const isQuiet = kind !== null && !useSettings.getState().announces[kind];
  const toast = { id: (lastId += 1), text, isQuiet };
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, toast] }));
  setTimeout(() => {
    useToasts.setState(({ toasts }) => ({ toasts: toasts.filter(({ id }) => id !== toast.id) }));
  }, SHOWN_MS);
}
