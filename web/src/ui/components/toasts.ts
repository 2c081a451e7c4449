/** Short notes that go by themselves. */
import { create } from 'zustand';

export interface Toast {
  readonly id: number;
  readonly text: string;
}

/** As long as a short sentence takes to be noticed and read. */
const SHOWN_MS = 4_000;

export const useToasts = create<{ readonly toasts: readonly Toast[] }>(() => ({ toasts: [] }));

let lastId = 0;

export function showToast(text: string): void {
  const toast = { id: (lastId += 1), text };
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, toast] }));
  setTimeout(() => {
    useToasts.setState(({ toasts }) => ({ toasts: toasts.filter(({ id }) => id !== toast.id) }));
  }, SHOWN_MS);
}
