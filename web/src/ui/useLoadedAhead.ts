import { useEffect } from 'react';

interface Loadable {
  readonly load: () => Promise<void>;
}

/** The first pictures and sounds come before what may be opened later. */
const DELAY_MS = 2000;

/** Loads parts once the meeting has begun, so that they open at once, also while there is no network. */
export function useLoadedAhead(parts: readonly Loadable[]): void {
  useEffect(() => {
    const timer = setTimeout(() => {
      for (const part of parts) void part.load();
    }, DELAY_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [parts]);
}
