/** Listens for a shortcut of the catalogue, anywhere on the page. */
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { SHORTCUTS, matches, nameOf, type Press, type ShortcutId } from './shortcuts.ts';

export const isMac = /mac|iphone|ipad/i.test(navigator.userAgent);

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

export function pressOf(event: KeyboardEvent): Press {
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
  return { key, code, ctrlKey, metaKey, altKey, shiftKey, isAltGraph: event.getModifierState('AltGraph') };
}
