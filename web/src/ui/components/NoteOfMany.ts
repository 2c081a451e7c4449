/**
 * NoteOfMany: who does the same soon after another is told in that one's note.
 *
 * Owns the names of one burst. The first is told at once; those who follow are gathered, so that thirty who come
 * together are one note, and a few lines read aloud.
 */
import type { Announced } from '../settings.ts';
import { changeToast, isToastShown, showToast } from './toasts.ts';

/** Long enough for a sentence to be read aloud before the next one. */
export const GATHERED_MS = 2_000;

export class NoteOfMany {
  readonly #kind: Announced;
  readonly #textOf: (names: readonly string[]) => string;
  #names: readonly string[] = [];
  #toast: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(kind: Announced, textOf: (names: readonly string[]) => string) {
    this.#kind = kind;
    this.#textOf = textOf;
  }

  add(name: string): void {
    const toast = this.#toast;
    if (toast === null || !isToastShown(toast)) {
      this.close();
      this.#names = [name];
      this.#toast = showToast(this.#textOf(this.#names), this.#kind);
      return;
    }
    // It stays until it has said so.
    if (this.#timer === null) changeToast(toast, this.#textOf(this.#names));
    this.#names = [...this.#names, name];
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (isToastShown(toast)) changeToast(toast, this.#textOf(this.#names));
    }, GATHERED_MS);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#toast = null;
  }
}
