/** What a person chose for the app on this device, remembered across visits. */
import { create } from 'zustand';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** What is read aloud as it happens; each can be silenced. */
export const ANNOUNCED = ['joins', 'hands', 'chat'] as const;
export type Announced = (typeof ANNOUNCED)[number];

/** What is heard as it happens; each can be switched. */
export const TONES = ['hands', 'chat', 'door'] as const;
export type Tone = (typeof TONES)[number];

interface Kept {
  readonly theme: Theme;
  /** A language of languages/, or null for the browser's. */
  readonly language: string | null;
  readonly announces: Readonly<Record<Announced, boolean>>;
  readonly savesBattery: boolean;
  /** Whether a tone says that a recording has begun. */
  readonly chimes: boolean;
  readonly tones: Readonly<Record<Tone, boolean>>;
}

interface Settings extends Kept {
  readonly change: (change: Partial<Kept>) => void;
}

const KEY = 'parley.settings';

const DEFAULTS: Kept = {
  theme: 'system',
  language: null,
  announces: { joins: true, hands: true, chat: true },
  savesBattery: false,
  chimes: true,
  // A lively chat would never be still.
  tones: { hands: true, chat: false, door: true },
};

export const useSettings = create<Settings>((set, get) => ({
  ...recall(),
  change: (change) => {
    set(change);
    const { theme, language, announces, savesBattery, chimes, tones } = get();
    remember({ theme, language, announces, savesBattery, chimes, tones });
  },
}));

/** What was written by an older version, or by hand, falls back field by field. */
export function parseSettings(text: string | null): Kept {
  try {
    const kept: unknown = JSON.parse(text ?? '{}');
    if (typeof kept !== 'object' || kept === null) return DEFAULTS;
    const { theme, language, announces, savesBattery, chimes, tones } = kept as Record<string, unknown>;
    return {
      theme: THEMES.find((known) => known === theme) ?? DEFAULTS.theme,
      language: typeof language === 'string' ? language : null,
      announces: parseAnnounces(announces),
      savesBattery: savesBattery === true,
      chimes: chimes !== false,
      tones: parseTones(tones),
    };
  } catch (error) {
    if (error instanceof SyntaxError) return DEFAULTS;
    throw error;
  }
}

function parseAnnounces(kept: unknown): Kept['announces'] {
  const known = typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
  return { joins: known['joins'] !== false, hands: known['hands'] !== false, chat: known['chat'] !== false };
}

function parseTones(kept: unknown): Kept['tones'] {
  const known = typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
  return { hands: known['hands'] !== false, chat: known['chat'] === true, door: known['door'] !== false };
}

function recall(): Kept {
  try {
    return parseSettings(localStorage.getItem(KEY));
  } catch {
    // Storage forbidden: each visit begins with the defaults.
    return DEFAULTS;
  }
}

function remember(kept: Kept): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // As above.
  }
}
