/** At the latest after this time: a page that is always busy must get on too. */
const LATEST_MS = 2_000;

/** Calls back once the page has nothing more urgent to do. Returns what calls it off. */
export function whenIdle(callback: () => void): () => void {
  // Safari has none, whatever the types say.
  if (!('requestIdleCallback' in globalThis)) {
    const timer = setTimeout(callback, 0);
    return () => {
      clearTimeout(timer);
    };
  }
  const handle = requestIdleCallback(callback, { timeout: LATEST_MS });
  return () => {
    cancelIdleCallback(handle);
  };
}
