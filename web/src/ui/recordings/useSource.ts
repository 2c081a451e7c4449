/** What the player's video plays: the beginning of a film while it is made, and the whole of it from the same place on. */
import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import type { GrowingMedia } from '../../meeting/index.ts';
import { GrowingFilm } from './GrowingFilm.ts';

export interface Source {
  /** Of the whole film; null while it is made. */
  readonly url: string | null;
  /** Gives links to what is done of it; null where it is whole. */
  readonly beginning: (() => Promise<GrowingMedia | null>) | null;
  /** Of the film that is being made, 0 to 1. */
  readonly progress: number;
  /** Nothing of it can be watched before it is whole. */
  readonly onUnseen: () => void;
}

interface Played {
  readonly video: RefObject<HTMLVideoElement | null>;
  /** Where a film with a new link, or the whole one, goes on. */
  readonly resume: RefObject<{ at: number; plays: boolean }>;
  /** How much can be watched of a film that grows; null until that is known. */
  readonly seconds: number | null;
}

export function useSource({ url, beginning, progress, onUnseen }: Source): Played {
  const video = useRef<HTMLVideoElement>(null);
  const resume = useRef({ at: 0, plays: false });
  const growing = useRef<GrowingFilm | null>(null);
  const unseen = useRef(onUnseen);
  const [seconds, setSeconds] = useState<number | null>(null);
  useEffect(() => {
    unseen.current = onUnseen;
  }, [onUnseen]);

  useLayoutEffect(() => {
    const element = video.current;
    if (element === null) return undefined;
    if (url !== null) element.src = url;
    else if (beginning !== null) {
      growing.current = new GrowingFilm(element, {
        link: beginning,
        onSeconds: setSeconds,
        onLost: () => {
          unseen.current();
        },
      });
    }
    return () => {
      // Before a film is known its place is that of the one before.
      if (element.readyState > 0) resume.current = { at: element.currentTime, plays: !element.paused };
      growing.current?.close();
      growing.current = null;
    };
  }, [url, beginning]);

  useEffect(() => {
    void growing.current?.grow();
  }, [progress]);
  return { video, resume, seconds };
}
