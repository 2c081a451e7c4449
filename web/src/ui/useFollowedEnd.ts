/** A list that grows at its end: it follows as long as one is there, and stays where one reads as soon as one has scrolled up. */
import { useCallback, useLayoutEffect, useState, type RefObject } from 'react';
import { useSize } from './useSize.ts';

/** In CSS pixels: scrolling by parts of a line ends beside the end. */
const NEAR = 24;

export interface FollowedEnd {
  /** Whether something came that one has not scrolled to. */
  readonly hasNews: boolean;
  readonly goToEnd: () => void;
  readonly onScroll: () => void;
}

/** @param last The id of what is last. */
export function useFollowedEnd(list: RefObject<HTMLElement | null>, last: string | null): FollowedEnd {
  const [isAtEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState(last);
  if (isAtEnd && seen !== last) setSeen(last);
  // What stands below the list may take some of its height.
  const { height } = useSize(list);

  const goToEnd = useCallback(() => {
    setAtEnd(true);
    scrollToEnd(list.current);
  }, [list]);
  useLayoutEffect(() => {
    if (isAtEnd) scrollToEnd(list.current);
  }, [isAtEnd, last, height, list]);

  const onScroll = useCallback(() => {
    if (list.current === null) return;
    const { scrollHeight, scrollTop, clientHeight } = list.current;
    setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR);
  }, [list]);
  return { hasNews: !isAtEnd && seen !== last, goToEnd, onScroll };
}

function scrollToEnd(list: HTMLElement | null): void {
  if (list !== null) list.scrollTop = list.scrollHeight;
}
