/** Which dialog is open over the meeting; one at a time. */
import { create } from 'zustand';

export type DialogName = 'shortcuts' | 'settings' | 'endForAll' | 'statistics';

export const useDialogs = create<{
  readonly open: DialogName | null;
  readonly show: (open: DialogName | null) => void;
}>((set) => ({
  open: null,
  show: (open) => {
    set({ open });
  },
}));
