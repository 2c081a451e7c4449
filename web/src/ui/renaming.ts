/** Who is being given another name, in the dialog that asks for it; null while nobody is. */
import { create } from 'zustand';
import type { ParticipantId } from '../meeting/index.ts';

export const useRenaming = create<{
  readonly whom: ParticipantId | null;
  readonly ask: (whom: ParticipantId | null) => void;
}>((set) => ({
  whom: null,
  ask: (whom) => {
    set({ whom });
  },
}));

/** What is wrong with a name, by the rules of the API; its length the field keeps to. */
export function nameProblem(name: string): 'missing' | 'unreadable' | null {
  if (name.trim() === '') return 'missing';
  return /[\p{Cc}\p{Cs}]/u.test(name) ? 'unreadable' : null;
}
