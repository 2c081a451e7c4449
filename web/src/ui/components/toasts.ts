/** Short notes that go by themselves, few at a time: they cover faces, and each is read aloud. */
import { create } from 'zustand';
import { useSettings, type Announced } from '../settings.ts';

export interface Toast {
  readonly id: number;
  readonly text: string;
  /** What it tells of others; null for what concerns oneself. */
  readonly kind: Announced | null;
  /** Shown, but not read aloud: the person silenced its kind. */
  readonly isQuiet: boolean;
}

/** As long as a short sentence takes to be noticed and read. */
const SHOWN_MS = 4_000;
/** More than one reads in that time, and more than a phone has room for. */
const MOST = 3;

export const useToasts = create<{ readonly toasts: readonly Toast[] }>(() => ({ toasts: [] }));

const timers = new Map<number, ReturnType<typeof setTimeout>>();
let lastId = 0;

/** `kind` is what the person may have silenced; other notes are always read aloud. Returns its id. */
export function showToast(text: string, kind: Announced | null = null): number {
  const isQuiet = kind !== null && !useSettings.getState().announces[kind];
  const toast = { id: (lastId += 1), text, kind, isQuiet };
  useToasts.setState(({ toasts }) => ({ toasts: [...makeRoom(toasts), toast] }));
  goLater(toast.id);
  return toast.id;
}

/** Says something else in the place of a note that is still shown, for as long as a new one. */
export function changeToast(id: number, text: string): void {
  useToasts.setState(({ toasts }) => ({
    toasts: toasts.map((toast) => (toast.id === id ? { ...toast, text } : toast)),
  }));
  goLater(id);
}

export function isToastShown(id: number): boolean {
  return useToasts.getState().toasts.some((toast) => toast.id === id);
}

/** What tells of others makes room first, the oldest before all. */
function makeRoom(toasts: readonly Toast[]): readonly Toast[] {
  if (toasts.length < MOST) return toasts;
  const leaving = toasts.find(({ kind }) => kind !== null) ?? toasts[0];
  return toasts.filter((toast) => toast !== leaving);
}

function goLater(id: number): void {
  clearTimeout(timers.get(id));
  const timer = setTimeout(() => {
    timers.delete(id);
    useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
  }, SHOWN_MS);
  timers.set(id, timer);
}
