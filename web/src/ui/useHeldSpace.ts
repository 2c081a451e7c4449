/** Follows the space bar while it is held for talking, wherever the focus is, and leaves a short press to what has it. */
import { useEffect, useRef, type RefObject } from 'react';
import { SHORTCUTS, matches } from './shortcuts.ts';
import { isMac, pressOf } from './useShortcut.ts';

/** Where it writes or chooses. */
const TAKES_SPACE =
  'input, textarea, select, [contenteditable], [role=menu], [role=listbox], [role=dialog], [role=alertdialog]';
/** What it presses. */
const BUTTONS = 'button, summary, [role=button]';
/** A key that somebody presses a button with is down for a tenth of a second or two. */
export const TAP_MS = 300;

interface Held {
  press(): void;
  release(): void;
}

/**
 * A click leaves the focus on its button, which one then does not think of: the space bar talks at once. On a button
 * that was reached by keyboard a short press still presses it, and only a longer one talks.
 */
export function useHeldSpace(isActive: boolean, talk: Held): void {
  const isByPointer = useFocusByPointer();
  useEffect(() => {
    if (!isActive) return undefined;
    const space = new HeldSpace(talk, isByPointer);
    // Before anything that would take the key for a press of its own.
    addEventListener('keydown', space.handleDown, true);
    addEventListener('keyup', space.handleUp, true);
    // A window that loses the keyboard never hears of the key's release.
    addEventListener('blur', space.letGo);
    return () => {
      removeEventListener('keydown', space.handleDown, true);
      removeEventListener('keyup', space.handleUp, true);
      removeEventListener('blur', space.letGo);
      space.letGo();
    };
  }, [isActive, talk, isByPointer]);
}

class HeldSpace {
  readonly #talk: Held;
  readonly #isByPointer: RefObject<boolean>;
  #state: 'up' | 'undecided' | 'talking' = 'up';
  #button: HTMLElement | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(talk: Held, isByPointer: RefObject<boolean>) {
    this.#talk = talk;
    this.#isByPointer = isByPointer;
  }

  readonly handleDown = (event: KeyboardEvent): void => {
    if (event.key !== ' ') return;
    if (this.#state !== 'up') {
      keep(event);
      return;
    }
    const target = event.target instanceof HTMLElement ? event.target : null;
    const isPress = !event.repeat && matches(SHORTCUTS.pushToTalk, pressOf(event), isMac);
    if (!isPress || (target?.closest(TAKES_SPACE) ?? null) !== null) return;
    keep(event);
    this.#button = this.#isByPointer.current ? null : (target?.closest<HTMLElement>(BUTTONS) ?? null);
    if (this.#button === null) {
      this.#begin();
      return;
    }
    this.#state = 'undecided';
    this.#timer = setTimeout(() => {
      this.#begin();
    }, TAP_MS);
  };

  readonly handleUp = (event: KeyboardEvent): void => {
    if (event.key !== ' ' || this.#state === 'up') return;
    keep(event);
    const button = this.#state === 'undecided' ? this.#button : null;
    this.letGo();
    button?.click();
  };

  readonly letGo = (): void => {
    clearTimeout(this.#timer);
    const wasTalking = this.#state === 'talking';
    this.#state = 'up';
    if (wasTalking) this.#talk.release();
  };

  #begin(): void {
    this.#state = 'talking';
    this.#talk.press();
  }
}

/** Nothing else hears of it: no button is pressed, and the page does not scroll. Firefox presses when the key is let go. */
function keep(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/**
 * Whether a pointer has put the focus where it is. `:focus-visible` does not say so any more once a key is down, which
 * is when it would be asked.
 */
function useFocusByPointer(): RefObject<boolean> {
  const isByPointer = useRef(false);
  useEffect(() => {
    let isPointer = false;
    const handlePointer = (): void => {
      isPointer = true;
      isByPointer.current = true;
    };
    const handleKey = (event: KeyboardEvent): void => {
      if (event.key !== ' ') isPointer = false;
    };
    const handleFocus = (): void => {
      isByPointer.current = isPointer;
    };
    addEventListener('pointerdown', handlePointer, true);
    addEventListener('keydown', handleKey, true);
    addEventListener('focusin', handleFocus);
    return () => {
      removeEventListener('pointerdown', handlePointer, true);
      removeEventListener('keydown', handleKey, true);
      removeEventListener('focusin', handleFocus);
    };
  }, []);
  return isByPointer;
}
