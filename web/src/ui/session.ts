/** What the app remembers between pages and visits. Holds no media and no meeting. */
import { create } from 'zustand';

export type Panel = 'none' | 'people' | 'chat';

interface Session {
  /** As one typed it, for every meeting. */
  readonly displayName: string;
  /** What a host made of it, by the code of the meeting: there one comes back so, and elsewhere under one's own. */
  readonly givenNames: Readonly<Partial<Record<string, string>>>;
  readonly microphoneMuted: boolean;
  readonly cameraWanted: boolean;
  readonly panel: Panel;
  readonly setDisplayName: (name: string) => void;
  /** Null: one has the own name there. */
  readonly setGivenName: (meeting: string, name: string | null) => void;
  /** Whoever signs in here next is somebody else. */
  readonly forgetGivenNames: () => void;
  readonly setMicrophoneMuted: (muted: boolean) => void;
  readonly setCameraWanted: (wanted: boolean) => void;
  readonly togglePanel: (panel: Panel) => void;
}

const NAME_KEY = 'parley.name';
/** Of this tab alone: that of another one is somebody else. */
const GIVEN_KEY = 'parley.givenNames';
/** Whether one was heard and seen: who was muted comes back to the door muted. */
const DOOR_KEY = 'parley.door';

export const useSession = create<Session>((set, get) => ({
  displayName: recallName(),
  givenNames: recallGivenNames(),
  ...recallDoor(),
  panel: 'none',
  setDisplayName: (displayName) => {
    set({ displayName });
    rememberName(displayName);
  },
  setGivenName: (meeting, name) => {
    const { [meeting]: before, ...others } = get().givenNames;
    if (name === (before ?? null)) return;
    const givenNames = name === null ? others : { ...others, [meeting]: name };
    set({ givenNames });
    rememberGivenNames(givenNames);
  },
  forgetGivenNames: () => {
    set({ givenNames: {} });
    rememberGivenNames({});
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

/** What one is called at the door of a meeting. */
export const nameAt =
  (meeting: string) =>
  ({ displayName, givenNames }: Session) =>
    givenNames[meeting] ?? displayName;

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

function recallGivenNames(): Session['givenNames'] {
  try {
    return parseGivenNames(sessionStorage.getItem(GIVEN_KEY));
  } catch {
    // As above.
    return {};
  }
}

/** What is not ours is as if nothing were kept. */
export function parseGivenNames(text: string | null): Session['givenNames'] {
  try {
    const kept: unknown = JSON.parse(text ?? '{}');
    const entries = typeof kept === 'object' && kept !== null ? Object.entries(kept) : [];
    return Object.fromEntries(entries.filter(([, name]) => typeof name === 'string'));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function rememberGivenNames(names: Session['givenNames']): void {
  try {
    sessionStorage.setItem(GIVEN_KEY, JSON.stringify(names));
  } catch {
    // As above.
  }
}
