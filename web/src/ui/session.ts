/** What the app remembers between pages and visits. Holds no media and no meeting. */
import { create } from 'zustand';

export type Panel = 'none' | 'people' | 'chat';

interface Session {
  readonly displayName: string;
  readonly microphoneMuted: boolean;
  readonly cameraWanted: boolean;
  readonly panel: Panel;
  readonly setDisplayName: (name: string) => void;
  readonly setMicrophoneMuted: (muted: boolean) => void;
  readonly setCameraWanted: (wanted: boolean) => void;
  readonly togglePanel: (panel: Panel) => void;
}

const NAME_KEY = 'parley.name';
/** Whether one was heard and seen: who was muted comes back to the door muted. */
const DOOR_KEY = 'parley.door';

export const useSession = create<Session>((set, get) => ({
  displayName: recallName(),
  ...recallDoor(),
  panel: 'none',
  setDisplayName: (displayName) => {
    set({ displayName });
    rememberName(displayName);
  },
  setMicrophoneMuted: (microphoneMuted) => {
    set({ microphoneMuted });
    rememberDoor(get());
  },
  setCameraWanted: (cameraWanted) => {
    set({ cameraWanted });
    rememberDoor(get());
  },
  togglePanel: (panel) => {
    set((before) => ({ panel: before.panel === panel ? 'none' : panel }));
  },
}));

type AtTheDoor = Pick<Session, 'microphoneMuted' | 'cameraWanted'>;

/** What is missing or not ours is as for somebody who comes for the first time. */
export function parseDoor(text: string | null): AtTheDoor {
  try {
    const kept: unknown = JSON.parse(text ?? 'null');
    const fields = typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
    return {
      microphoneMuted: fields['microphoneMuted'] === true,
      cameraWanted: fields['cameraWanted'] !== false,
    };
  } catch (error) {
    if (error instanceof SyntaxError) return { microphoneMuted: false, cameraWanted: true };
    throw error;
  }
}

function recallDoor(): AtTheDoor {
  try {
    return parseDoor(localStorage.getItem(DOOR_KEY));
  } catch {
    // As below.
    return parseDoor(null);
  }
}

function rememberDoor({ microphoneMuted, cameraWanted }: AtTheDoor): void {
  try {
    localStorage.setItem(DOOR_KEY, JSON.stringify({ microphoneMuted, cameraWanted }));
  } catch {
    // As below.
  }
}

function recallName(): string {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    // Storage forbidden: the name is asked for each time.
    return '';
  }
}

function rememberName(name: string): void {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // As above.
  }
}
