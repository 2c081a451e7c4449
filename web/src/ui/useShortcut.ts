/** Ctrl (on a Mac: ⌘) with a letter, anywhere on the page. */
import { useEffect } from 'react';

const isMac = /mac|iphone|ipad/i.test(navigator.userAgent);

/** How people write it: `Ctrl+D` or `⌘D`. */
export function shortcutName(letter: string): string {
  return isMac ? `⌘${letter.toUpperCase()}` : `Ctrl+${letter.toUpperCase()}`;
}

export function useShortcut(letter: string, act: () => void): void {
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => {
      const isModified = isMac ? event.metaKey : event.ctrlKey;
      if (!isModified || event.altKey || event.shiftKey || event.repeat) return;
      if (event.key.toLowerCase() !== letter) return;
      // The browser would bookmark the page or search.
      event.preventDefault();
      act();
    };
    addEventListener('keydown', handle);
    return () => {
      removeEventListener('keydown', handle);
    };
  }, [letter, act]);
}
