/** Listens for a shortcut of the catalogue, anywhere on the page. */
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { SHORTCUTS, matches, nameOf, type Press, type ShortcutId } from './shortcuts.ts';

const isMac = /mac|iphone|ipad/i.test(navigator.userAgent);

export function useShortcutName(id: ShortcutId): string {
  const { t } = useTranslation();
  return nameOf(SHORTCUTS[id], isMac, t('shortcuts.space'));
}

export function useShortcut(id: ShortcutId, act: () => void): void {
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => {
      if (event.repeat || !matches(SHORTCUTS[id], pressOf(event), isMac)) return;
      // The browser would bookmark the page or search.
      event.preventDefault();
      act();
    };
    addEventListener('keydown', handle);
    return () => {
      removeEventListener('keydown', handle);
    };
  }, [id, act]);
}

/** Where the space bar has a meaning of its own: writing, pressing, choosing. */
const TAKES_SPACE =
  'input, textarea, select, button, a, [contenteditable], [role]:not(main, article, section)';

/** Calls `begin` while the space bar is held outside of anything that takes it, and `end` when it is let go. */
export function useHeldSpace(isActive: boolean, begin: () => void, end: () => void): void {
  useEffect(() => {
    if (!isActive) return undefined;
    let isHeld = false;
    const press = (event: KeyboardEvent): void => {
      if (!matches(SHORTCUTS.pushToTalk, pressOf(event), isMac)) return;
      const target = event.target instanceof Element ? event.target : null;
      if (!isHeld && target?.closest(TAKES_SPACE) != null) return;
      // The page would scroll.
      event.preventDefault();
      if (isHeld) return;
      isHeld = true;
      begin();
    };
    const release = (event: Event): void => {
      if (!isHeld || (event instanceof KeyboardEvent && event.key !== ' ')) return;
      isHeld = false;
      end();
    };
    const ends = ['keyup', 'blur'] as const;
    addEventListener('keydown', press);
    // A window that loses the keyboard never hears of the key's release.
    for (const name of ends) addEventListener(name, release);
    return () => {
      removeEventListener('keydown', press);
      for (const name of ends) removeEventListener(name, release);
      if (isHeld) end();
    };
  }, [isActive, begin, end]);
}

function pressOf(event: KeyboardEvent): Press {
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
  return { key, code, ctrlKey, metaKey, altKey, shiftKey, isAltGraph: event.getModifierState('AltGraph') };
}
