/** Whether one pressed "share" while somebody else does, and is asked how to go on. */
import { create } from 'zustand';

export const useShareWish = create<{
  readonly isAsking: boolean;
  readonly setAsking: (isAsking: boolean) => void;
}>((set) => ({
  isAsking: false,
  setAsking: (isAsking) => {
    set({ isAsking });
  },
}));
