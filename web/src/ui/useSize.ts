import { useEffect, useState, type RefObject } from 'react';

export interface Size {
  readonly width: number;
  readonly height: number;
}

const UNKNOWN: Size = { width: 0, height: 0 };

/** The inner size of an element in CSS pixels, 0 by 0 until it is known. `key` changes when the element does. */
export function useSize(element: RefObject<HTMLElement | null>, key: unknown = null): Size {
  const [size, setSize] = useState(UNKNOWN);
  useEffect(() => {
    const watched = element.current;
    if (watched === null) return undefined;
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
