/** Remembered devices and how the microphone is treated. Broken or forbidden storage costs the memory, nothing else. */
import type { MicrophoneMode } from './types.ts';

export interface Choices {
  readonly microphone: string | null;
  readonly camera: string | null;
  readonly speaker: string | null;
  readonly microphoneMode: MicrophoneMode;
}

export const NO_CHOICES: Choices = {
  microphone: null,
  camera: null,
  speaker: null,
  microphoneMode: 'voice',
};

const KEY = 'parley.devices';
const MODES: readonly MicrophoneMode[] = ['voice', 'quiet', 'music'];

export function loadChoices(storage: Pick<Storage, 'getItem'> | null): Choices {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(KEY) ?? 'null');
    if (typeof stored !== 'object' || stored === null) return NO_CHOICES;
    const fields = stored as Record<string, unknown>;
    const choice = (name: string): string | null => {
      const value = fields[name];
      return typeof value === 'string' && value !== '' ? value : null;
    };
    const mode = MODES.find((known) => known === fields['microphoneMode']) ?? NO_CHOICES.microphoneMode;
    return {
      microphone: choice('microphone'),
      camera: choice('camera'),
      speaker: choice('speaker'),
      microphoneMode: mode,
    };
  } catch {
    // Unreadable storage reads as an empty one: there is nothing a person could do about it.
    return NO_CHOICES;
  }
}

export function saveChoices(storage: Pick<Storage, 'setItem'> | null, choices: Choices): void {
  try {
    storage?.setItem(KEY, JSON.stringify(choices));
  } catch {
    // A full or forbidden storage: the choice then holds for this visit only.
  }
}

/** Reading `localStorage` itself throws where storage is forbidden. */
export function defaultStorage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** The speaker that was chosen on this device; null for the system's default. */
export function chosenSpeaker(): string | null {
  return loadChoices(defaultStorage()).speaker;
}
