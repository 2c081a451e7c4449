/** Keeps the screen on while one is in a meeting. Browsers let go of it whenever the page is hidden. */
import { useEffect } from 'react';

export function useWakeLock(): void {
  useEffect(() => {
    // Missing in older browsers and on insecure pages, whatever the types say.
    const wakeLock = (navigator as { readonly wakeLock?: WakeLock }).wakeLock;
    if (wakeLock === undefined) return undefined;
    let isOver = false;
    let held: WakeLockSentinel | null = null;
    const acquire = async (): Promise<void> => {
      if (document.hidden || (held !== null && !held.released)) return;
      try {
        const lock = await wakeLock.request('screen');
        if (isOver) await lock.release();
        else held = lock;
      } catch {
        // Low battery, or a policy: the screen goes dark as it always did.
      }
    };
    const handle = (): void => void acquire();
    handle();
    document.addEventListener('visibilitychange', handle);
    return () => {
      isOver = true;
      document.removeEventListener('visibilitychange', handle);
      void held?.release();
    };
  }, []);
}
