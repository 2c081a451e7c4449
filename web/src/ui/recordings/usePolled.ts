/** Asks for something once, and again every few seconds while it changes by itself. */
import { useCallback, useEffect, useState } from 'react';
import { ApiError } from '../../meeting/index.ts';

/** As often as people look whether it moves. */
const PERIOD_MS = 3_000;

export type Asked<T> =
  | { readonly kind: 'asking' }
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'failed'; readonly status: number };

interface Polled<T> {
  readonly asked: Asked<T>;
  readonly again: () => void;
  /** Takes the place of what is known, where an answer said more. */
  readonly put: (value: T) => void;
}

/** A failure after a success leaves what is known: the next question may be answered. */
export function usePolled<T>(ask: () => Promise<T>, changes: (value: T) => boolean): Polled<T> {
  const [asked, setAsked] = useState<Asked<T>>({ kind: 'asking' });
  const [round, setRound] = useState(0);
  const goesOn = asked.kind === 'known' && changes(asked.value);

  useEffect(() => {
    let isCurrent = true;
    ask().then(
      (value) => {
        if (isCurrent) setAsked({ kind: 'known', value });
      },
      (error: unknown) => {
        const status = error instanceof ApiError ? error.status : 0;
        if (isCurrent) setAsked((before) => (before.kind === 'known' ? before : { kind: 'failed', status }));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [ask, round]);

  useEffect(() => {
    if (!goesOn) return undefined;
    const timer = setInterval(() => {
      setRound((before) => before + 1);
    }, PERIOD_MS);
    return () => {
      clearInterval(timer);
    };
  }, [goesOn]);

  const again = useCallback(() => {
    setAsked((before) => (before.kind === 'known' ? before : { kind: 'asking' }));
    setRound((before) => before + 1);
  }, []);
  const put = useCallback((value: T) => {
    setAsked({ kind: 'known', value });
  }, []);
  return { asked, again, put };
}
