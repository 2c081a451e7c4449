/** When another network interface carries the browser: from Wi-Fi to mobile and the like. */

/** In Chromium; it also changes with the measured speed, which says nothing of the path. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/** The old path is dead then, whatever ICE still believes for some seconds. Returns what ends the watch. */
export function watchNetwork(onOther: () => void): () => void {
  const connection = networkInformation();
  let before = connection?.type;
  const handle = (): void => {
    const now = connection?.type;
    const isOther = now !== undefined && now !== before && now !== 'none';
    before = now;
    if (isOther) onOther();
  };
  connection?.addEventListener('change', handle);
  return () => {
    connection?.removeEventListener('change', handle);
  };
}

function networkInformation(): NetworkInformation | undefined {
  if (typeof navigator === 'undefined') return undefined;
  return (navigator as { readonly connection?: NetworkInformation }).connection;
}
