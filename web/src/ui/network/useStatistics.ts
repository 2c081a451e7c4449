/** What the connection does now, asked once a second while somebody looks. */
import { useEffect, useState } from 'react';
import type { MeetingClient, MeetingStatistics } from '../../meeting/index.ts';

const INTERVAL_MS = 1_000;

export function useStatistics(meeting: MeetingClient): MeetingStatistics | null {
  const [statistics, setStatistics] = useState<MeetingStatistics | null>(null);
  useEffect(() => {
    let isShown = true;
    const ask = (): void => {
      void meeting.statistics.sample().then((sample) => {
        if (isShown) setStatistics(sample);
      });
    };
    ask();
    const timer = setInterval(ask, INTERVAL_MS);
    return () => {
      isShown = false;
      clearInterval(timer);
    };
  }, [meeting]);
  return statistics;
}
