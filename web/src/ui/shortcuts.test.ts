import { describe, expect, it } from 'vitest';
import { SHORTCUTS, SHORTCUT_IDS, matches, nameOf, type Press } from './shortcuts.ts';

const press = (change: Partial<Press>): Press => ({
  key: '',
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isAltGraph: false,
  ...change,
});

describe('shortcuts', () => {
  it('take Ctrl, and on a Mac the command key', () => {
    const { microphone } = SHORTCUTS;
    expect(matches(microphone, press({ key: 'd', ctrlKey: true }), false)).toBe(true);
    expect(matches(microphone, press({ key: 'd', ctrlKey: true }), true)).toBe(false);
    expect(matches(microphone, press({ key: 'D', metaKey: true }), true)).toBe(true);
    expect(matches(microphone, press({ key: 'd', ctrlKey: true, shiftKey: true }), false)).toBe(false);
    expect(matches(microphone, press({ key: 'd' }), false)).toBe(false);
  });

  it('know the place of a letter where Alt turns it into another one, and let AltGr write', () => {
    const { hand } = SHORTCUTS;
    const both = { ctrlKey: true, altKey: true };
    expect(matches(hand, press({ key: '˙', code: 'KeyH', ...both }), true)).toBe(true);
    expect(matches(hand, press({ key: 'h', code: 'KeyH', ...both, isAltGraph: true }), false)).toBe(false);
  });

  it('take the slash where it needs Shift', () => {
    expect(matches(SHORTCUTS.help, press({ key: '/', ctrlKey: true, shiftKey: true }), false)).toBe(true);
  });

  it('are each written one way, and no two alike', () => {
    for (const isMac of [true, false]) {
      const names = SHORTCUT_IDS.map((id) => nameOf(SHORTCUTS[id], isMac, 'Space'));
      expect(new Set(names).size).toBe(names.length);
    }
    expect(nameOf(SHORTCUTS.hand, false, 'Space')).toBe('Ctrl+Alt+H');
    expect(nameOf(SHORTCUTS.hand, true, 'Space')).toBe('⌃⌥H');
    expect(nameOf(SHORTCUTS.pushToTalk, false, 'Leertaste')).toBe('Leertaste');
  });
});
