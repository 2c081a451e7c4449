/**
 * Asks for something once, and again every few seconds while it changes by itself and somebody looks.
 *
 * What is known stays while it is asked for again, so that nothing flickers; a tab that is hidden asks nothing, and
 * asks at once when it is seen again.
 */
import { useCallback, useEffect, useState } from 'react';
import { ApiError } from '../meeting/index.ts';

/** As often as people look whether it moves. */
const PERIOD_MS = 3_000;

export type Asked<T> =
  | { readonly kind: 'asking' }
  /** `isStale`: the latest question was not answered. */
  | { readonly kind: 'known'; readonly value: T; readonly isStale: boolean }
  | { readonly kind: 'failed'; readonly status: number };

export interface Polled<T> {
  readonly asked: Asked<T>;
  readonly again: () => void;
  /** Takes the place of what is known, where an answer said more. */
  readonly put: (value: T) => void;
}

/** A failure after a success leaves what is known: the next question may be answered. */
export function usePolled<T>(
  ask: () => Promise<T>,
  changes: (value: T) => boolean,
  periodMs: number = PERIOD_MS,
): Polled<T> {
  const [asked, setAsked] = useState<Asked<T>>({ kind: 'asking' });
  const [round, setRound] = useState(0);
  const goesOn = asked.kind === 'known' && changes(asked.value);

  useEffect(() => {
    let isCurrent = true;
    ask().then(
      (value) => {
        if (isCurrent) setAsked({ kind: 'known', value, isStale: false });
      },
      (error: unknown) => {
        if (isCurrent) setAsked((before) => afterFailure(before, error));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [ask, round]);

  useEffect(() => {
    if (!goesOn) return undefined;
    const next = (): void => {
      if (!document.hidden) setRound((before) => before + 1);
    };
    // From answer to question, so that a slow API is not asked faster than it answers.
    const timer = setTimeout(next, periodMs);
    document.addEventListener('visibilitychange', next);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', next);
    };
  }, [goesOn, asked, periodMs]);

  const again = useCallback(() => {
    setAsked((before) => (before.kind === 'known' ? before : { kind: 'asking' }));
    setRound((before) => before + 1);
  }, []);
  const put = useCallback((value: T) => {
    setAsked({ kind: 'known', value, isStale: false });
  }, []);
  return { asked, again, put };
}

/** Who may no longer ask is told so; any other failure may pass. */
function afterFailure<T>(before: Asked<T>, error: unknown): Asked<T> {
  const status = error instanceof ApiError ? error.status : 0;
  const isOver = status === 401 || status === 403 || status === 404;
  return before.kind === 'known' && !isOver ? { ...before, isStale: true } : { kind: 'failed', status };
}

/** For what never changes by itself, and for what always may. */
export const never = (): boolean => false;
export const always = (): boolean => true;
