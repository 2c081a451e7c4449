/** What a person chose for how meetings look and sound, remembered on this device. */
import { create } from 'zustand';
import { parseKept, recall, remember } from './remembered.ts';

export const CAPTION_SIZES = ['small', 'medium', 'large', 'huge'] as const;
export type CaptionSize = (typeof CAPTION_SIZES)[number];

interface Kept {
  readonly isMono: boolean;
  readonly areCaptionsShown: boolean;
  readonly captionSize: CaptionSize;
  /** For who reads with a screen reader; others see them anyway. */
  readonly areCaptionsReadAloud: boolean;
}

interface Preferences extends Kept {
  readonly change: (change: Partial<Kept>) => void;
}

const KEY = 'parley.live';

const DEFAULTS: Kept = {
  isMono: false,
  areCaptionsShown: false,
  captionSize: 'medium',
  areCaptionsReadAloud: false,
};

export const usePreferences = create<Preferences>((set, get) => ({
  ...parsePreferences(recall(KEY)),
  change: (change) => {
    set(change);
    const { isMono, areCaptionsShown, captionSize, areCaptionsReadAloud } = get();
    remember(KEY, { isMono, areCaptionsShown, captionSize, areCaptionsReadAloud });
  },
}));

/** What was written by an older version, or by hand, falls back field by field. */
export function parsePreferences(text: string | null): Kept {
  const fields = fieldsOf(text);
  return {
    isMono: fields['isMono'] === true,
    areCaptionsShown: fields['areCaptionsShown'] === true,
    captionSize: CAPTION_SIZES.find((size) => size === fields['captionSize']) ?? DEFAULTS.captionSize,
    areCaptionsReadAloud: fields['areCaptionsReadAloud'] === true,
  };
}

function fieldsOf(text: string | null): Readonly<Record<string, unknown>> {
  const kept = parseKept(text);
  return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
}
