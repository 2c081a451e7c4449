/**
 * Runs before the page is painted and before the app itself has arrived.
 *
 * Gives the page the chosen colours, so that nobody who chose dark sees a white flash, and asks the API for the meeting of
 * the address, so that its answer and the app come at the same time. The app does both again by itself where this file
 * could not be loaded: see src/ui/appearance.ts and src/ui/early.ts.
 */
(() => {
  try {
    const { theme } = JSON.parse(localStorage.getItem('parley.settings') ?? '{}');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage forbidden, or written by hand: the page follows the system.
  }
  const code = /^\/m\/([^/]+)\/?$/.exec(location.pathname)?.[1];
  if (code === undefined) return;
  const url = `/v1/meetings/${code}`;
  const answer = fetch(url, { cache: 'no-store', credentials: 'omit' });
  // Whoever takes it hears of a failure; where nobody does, it is none.
  answer.catch(() => undefined);
  window.parleyEarly = { url, answer };
})();
