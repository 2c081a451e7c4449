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

export const useSession = create<Session>((set) => ({
  displayName: recallName(),
  microphoneMuted: false,
  cameraWanted: true,
  panel: 'none',
  setDisplayName: (displayName) => {
    set({ displayName });
    rememberName(displayName);
  },
  setMicrophoneMuted: (microphoneMuted) => {
    set({ microphoneMuted });
  },
  setCameraWanted: (cameraWanted) => {
    set({ cameraWanted });
  },
  togglePanel: (panel) => {
    set((before) => ({ panel: before.panel === panel ? 'none' : panel }));
  },
}));

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
