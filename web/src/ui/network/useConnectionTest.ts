/** Runs a connection test while its page is there, again when asked, and ends it with the page. */
import { useCallback, useEffect, useState } from 'react';
import { testConnection, type ConnectionReport, type ConnectionTestOptions } from '../../meeting/index.ts';

export type RunTest = (options: ConnectionTestOptions) => Promise<ConnectionReport>;

export interface RunningTest {
  readonly report: ConnectionReport | null;
  readonly isRunning: boolean;
  readonly again: () => void;
  readonly stop: () => void;
}

export function useConnectionTest(apiUrl: string, run: RunTest = testConnection): RunningTest {
  const [round, setRound] = useState(1);
  const [stopped, setStopped] = useState(0);
  const [report, setReport] = useState<ConnectionReport | null>(null);
  const isWanted = stopped !== round;
  useEffect(() => {
    if (!isWanted) return undefined;
    const ending = new AbortController();
    run({ apiUrl, signal: ending.signal, onReport: setReport }).catch((error: unknown) => {
      if (!ending.signal.aborted) throw error;
    });
    return () => {
      ending.abort();
    };
  }, [apiUrl, run, round, isWanted]);
  const again = useCallback(() => {
    setReport(null);
    setRound((before) => before + 1);
  }, []);
  return {
    report,
    isRunning: isWanted && report?.stage !== 'done',
    again,
    stop: () => {
      setStopped(round);
    },
  };
}
