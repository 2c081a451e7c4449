/** Something that is asked of the API by a click: while it goes on, and what went wrong. */
import { useCallback, useState } from 'react';
import { useFailureWords } from '../frame/Notice.tsx';

export interface Action {
  readonly isBusy: boolean;
  readonly problem: string | null;
  readonly run: (work: () => Promise<unknown>, then?: () => void) => void;
}

export function useAction(): Action {
  const failureWords = useFailureWords();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = useCallback(
    (work: () => Promise<unknown>, then?: () => void) => {
      setBusy(true);
      setProblem(null);
      work()
        .then(
          () => then?.(),
          (error: unknown) => {
            setProblem(failureWords(error));
          },
        )
        .finally(() => {
          setBusy(false);
        });
    },
    [failureWords],
  );
  return { isBusy, problem, run };
}
