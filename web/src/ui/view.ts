/** How one person looks at the meeting: layout, pins, the own picture. Lives as long as the visit. */
import { create } from 'zustand';
import { togglePin, type Corner, type LayoutChoice } from './arrange.ts';

interface View {
  readonly layout: LayoutChoice;
  readonly pins: readonly string[];
  readonly isSelfHidden: boolean;
  readonly corner: Corner;
  readonly setLayout: (layout: LayoutChoice) => void;
  readonly togglePin: (id: string) => void;
  readonly setSelfHidden: (hidden: boolean) => void;
  readonly setCorner: (corner: Corner) => void;
}

export const useView = create<View>((set) => ({
  layout: 'auto',
  pins: [],
  isSelfHidden: false,
  corner: 'bottom-end',
  setLayout: (layout) => {
    set({ layout });
  },
  togglePin: (id) => {
    set(({ pins }) => ({ pins: togglePin(pins, id) }));
  },
  setSelfHidden: (isSelfHidden) => {
    set({ isSelfHidden });
  },
  setCorner: (corner) => {
    set({ corner });
  },
}));
