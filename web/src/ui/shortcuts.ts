/** The one catalogue of keyboard shortcuts: it answers key presses, and feeds tooltips and the help dialog. Pure. */
export interface Shortcut {
  /** Ctrl, on a Mac ⌘. */
  readonly isMod?: boolean;
  /** Ctrl and Alt, on a Mac ⌃ and ⌥. */
  readonly isCtrlAlt?: boolean;
  /** As in KeyboardEvent.key, lower case. */
  readonly key: string;
  /** For as long as the key is held. */
  readonly isHeld?: boolean;
}

export const SHORTCUTS = {
  microphone: { isMod: true, key: 'd' },
  camera: { isMod: true, key: 'e' },
  pushToTalk: { key: ' ', isHeld: true },
  share: { isCtrlAlt: true, key: 's' },
  hand: { isCtrlAlt: true, key: 'h' },
  chat: { isCtrlAlt: true, key: 'c' },
  people: { isCtrlAlt: true, key: 'p' },
  help: { isMod: true, key: '/' },
} as const satisfies Record<string, Shortcut>;

export type ShortcutId = keyof typeof SHORTCUTS;

export const SHORTCUT_IDS = Object.keys(SHORTCUTS) as readonly ShortcutId[];

export interface Press {
  readonly key: string;
  /** The place on the keyboard, as `KeyH`: with Alt held, Macs report another letter as `key`. */
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  /** AltGr, which Windows reports as Ctrl and Alt, writes letters. */
  readonly isAltGraph: boolean;
}

export function matches(shortcut: Shortcut, press: Press, isMac: boolean): boolean {
  const { isMod = false, isCtrlAlt = false, key } = shortcut;
  const isKey = press.key.toLowerCase() === key || (isCtrlAlt && press.code === `Key${key.toUpperCase()}`);
  const wantsCtrl = isCtrlAlt || (isMod && !isMac);
  return (
    isKey &&
    !press.isAltGraph &&
    press.ctrlKey === wantsCtrl &&
    press.metaKey === (isMod && isMac) &&
    press.altKey === isCtrlAlt &&
    // On many keyboards a slash takes Shift.
    (!press.shiftKey || key === '/')
  );
}

/** How people write it: `Ctrl+D`, or `⌘D`. `space` is what the language calls the space bar. */
export function nameOf(
  { isMod = false, isCtrlAlt = false, key }: Shortcut,
  isMac: boolean,
  space: string,
): string {
  const name = key === ' ' ? space : key.toUpperCase();
  if (isCtrlAlt) return isMac ? `⌃⌥${name}` : `Ctrl+Alt+${name}`;
  if (isMod) return isMac ? `⌘${name}` : `Ctrl+${name}`;
  return name;
}
