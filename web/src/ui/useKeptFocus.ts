/** No place is lost: when what has the focus goes, the focus goes back to where it was before. */
import { useEffect, type RefObject } from 'react';

/** More steps back than anybody remembers. */
const MOST_KEPT = 32;
/** The same control of somebody who moved to another place of the page is called the same by this. */
const SAME = 'data-same';

/**
 * Holds for everything within `page`. Browsers leave the focus nowhere when its element is taken out, and who
 * reads by ear begins at the top again.
 *
 * @param start Has the focus where nothing has it yet.
 */
export function useKeptFocus(
  page: RefObject<HTMLElement | null>,
  start: RefObject<HTMLElement | null>,
): void {
  useEffect(() => {
    const within = page.current;
    if (within === null) return undefined;
    let trail: readonly HTMLElement[] = [];
    /** Until somebody puts the focus nowhere, by a click beside everything. */
    let isPlaced = false;
    const note = ({ target }: FocusEvent): void => {
      isPlaced = true;
      if (target instanceof HTMLElement)
        trail = [...trail.filter((one) => one !== target && one.isConnected), target].slice(-MOST_KEPT);
    };
    const restore = (): void => {
      const lost = trail.at(-1);
      if (!isPlaced || lost === undefined || lost.isConnected || !isNowhere()) return;
      const candidates = [sameAs(lost, within), ...trail.toReversed(), start.current];
      // What is hidden or disabled takes no focus.
      candidates.some((one) => {
        one?.focus();
        return !isNowhere();
      });
    };
    const noteBlur = ({ target, relatedTarget }: FocusEvent): void => {
      if (relatedTarget !== null) return;
      // What is taken out loses the focus, too, and so does all of a window that is left.
      queueMicrotask(() => {
        if (target instanceof Node && target.isConnected && document.hasFocus()) isPlaced = !isNowhere();
      });
    };
    within.addEventListener('focusin', note);
    within.addEventListener('focusout', noteBlur);
    const changes = new MutationObserver(restore);
    changes.observe(within, { childList: true, subtree: true });
    if (isNowhere()) start.current?.focus();
    return () => {
      within.removeEventListener('focusin', note);
      within.removeEventListener('focusout', noteBlur);
      changes.disconnect();
    };
  }, [page, start]);
}

function isNowhere(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

function sameAs(lost: HTMLElement, within: HTMLElement): HTMLElement | undefined {
  const name = lost.getAttribute(SAME);
  if (name === null) return undefined;
  return [...within.querySelectorAll<HTMLElement>(`[${SAME}]`)].find(
    (one) => one.getAttribute(SAME) === name,
  );
}
