import { useLayoutEffect, useState, type RefObject } from 'react';

export interface Size {
  readonly width: number;
  readonly height: number;
}

const UNKNOWN: Size = { width: 0, height: 0 };

/**
 * The inner size of an element in CSS pixels, 0 by 0 where it has no layout. Known before the first paint, so that
 * nothing is drawn in another size first. `key` changes when the element does.
 */
export function useSize(element: RefObject<HTMLElement | null>, key: unknown = null): Size {
  const [size, setSize] = useState(UNKNOWN);
  useLayoutEffect(() => {
    const watched = element.current;
    if (watched === null) return undefined;
    // eslint-disable-next-line react-hooks/set-state-in-effect -- Only the element knows it, and only now.
    setSize(innerSize(watched));
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(watched);
    return () => {
      observer.disconnect();
    };
  }, [element, key]);
  return size;
}

/** As a ResizeObserver tells it, without the padding. */
function innerSize(element: HTMLElement): Size {
  const { paddingLeft, paddingRight, paddingTop, paddingBottom } = getComputedStyle(element);
  const inner = (outer: number, ...paddings: readonly string[]): number =>
    Math.max(
      0,
      paddings.reduce((left, padding) => left - (Number.parseFloat(padding) || 0), outer),
    );
  return {
    width: inner(element.clientWidth, paddingLeft, paddingRight),
    height: inner(element.clientHeight, paddingTop, paddingBottom),
  };
}
