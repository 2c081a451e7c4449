/** Remembered devices. Broken or forbidden storage costs the memory, nothing else. */
export interface Choices {
  readonly microphone: string | null;
  readonly camera: string | null;
  readonly speaker: string | null;
}

export const NO_CHOICES: Choices = { microphone: null, camera: null, speaker: null };

const KEY = 'parley.devices';

export function loadChoices(storage: Pick<Storage, 'getItem'> | null): Choices {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(KEY) ?? 'null');
    if (typeof stored !== 'object' || stored === null) return NO_CHOICES;
    const fields = stored as Record<string, unknown>;
    const choice = (name: string): string | null => {
      const value = fields[name];
      return typeof value === 'string' && value !== '' ? value : null;
    };
    return { microphone: choice('microphone'), camera: choice('camera'), speaker: choice('speaker') };
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
