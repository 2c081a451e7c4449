import { useSyncExternalStore } from 'react';

interface Store<Snapshot> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => Snapshot;
}

/** What a meeting or a media object says now, and again on each change. */
export function useSnapshot<Snapshot>(store: Store<Snapshot>): Snapshot {
  return useSyncExternalStore(store.subscribe, store.getSnapshot);
}
