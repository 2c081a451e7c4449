/** Opens a menu by a right click, by a long press of a finger, and by the keyboard's menu key. */
import { useCallback, useEffect, useRef, type MouseEvent, type PointerEvent } from 'react';

/** As phones have it. */
const LONG_PRESS_MS = 500;
/** In CSS pixels: a finger that rests is never quite still. */
const STILL = 10;

/** Within the window. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

interface Handlers {
  readonly onContextMenu: (event: MouseEvent<HTMLElement>) => void;
  readonly onPointerDown: (event: PointerEvent<HTMLElement>) => void;
  readonly onPointerMove: (event: PointerEvent<HTMLElement>) => void;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
}

/** @param open Called with where one pointed, or with what has the focus where the keyboard asked. */
export function useContextMenu(open: (at: Spot | Element) => void): Handlers {
  const press = useRef<{ readonly timer: ReturnType<typeof setTimeout>; readonly at: Spot } | null>(null);
  const release = useCallback(() => {
    if (press.current !== null) clearTimeout(press.current.timer);
    press.current = null;
  }, []);
  useEffect(() => release, [release]);

  return {
    onContextMenu: (event) => {
      if (!isWithin(event)) return;
      event.preventDefault();
      release();
      open(isPointed(event) ? spotOf(event) : focusedIn(event));
    },
    // iPhones tell of no context menu.
    onPointerDown: (event) => {
      if (event.pointerType !== 'touch' || !isWithin(event)) return;
      release();
      const at = spotOf(event);
      const timer = setTimeout(() => {
        open(at);
      }, LONG_PRESS_MS);
      press.current = { timer, at };
    },
    onPointerMove: (event) => {
      const { at } = press.current ?? {};
      const now = spotOf(event);
      if (at !== undefined && Math.hypot(now.x - at.x, now.y - at.y) > STILL) release();
    },
    onPointerUp: release,
    onPointerCancel: release,
  };
}

function focusedIn({ target, currentTarget }: MouseEvent): Element {
  return target instanceof Element ? target : currentTarget;
}

/** What was opened from the element lies elsewhere on the page, and has a menu of its own. */
function isWithin({ target, currentTarget }: MouseEvent): boolean {
  return target instanceof Node && currentTarget.contains(target);
}

function isPointed({ button, ctrlKey, nativeEvent }: MouseEvent): boolean {
  const isTouch = 'pointerType' in nativeEvent && nativeEvent.pointerType === 'touch';
  return button === 2 || ctrlKey || isTouch;
}

function spotOf({ clientX, clientY }: MouseEvent): Spot {
  return { x: clientX, y: clientY };
}
