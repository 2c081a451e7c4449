import { useSyncExternalStore } from 'react';

interface Store<Snapshot> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => Snapshot;
}

/** One thing of what it says, which has to be the same object for as long as it is the same: drawn again only when it changes. */
export function useSelected<Snapshot, Selected>(
  store: Store<Snapshot>,
  select: (snapshot: Snapshot) => Selected,
): Selected {
  return useSyncExternalStore(store.subscribe, () => select(store.getSnapshot()));
}

/** What a meeting or a media object says now, and again on each change. */
export function useSnapshot<Snapshot>(store: Store<Snapshot>): Snapshot {
  return useSyncExternalStore(store.subscribe, store.getSnapshot);
}
