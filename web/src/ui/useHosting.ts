/** What a host sees of the meeting's door: who waits, and whether it is locked. Asks again while somebody may come. */
import { useCallback, useEffect, useState } from 'react';
import type { MeetingClient, MeetingRules, WaitingPerson } from '../meeting/index.ts';

/** Who waits is seen soon enough, and the API is asked twelve times a minute by each host. */
const POLL_MS = 5_000;

export interface Door {
  readonly waiting: readonly WaitingPerson[];
  /** Null until the API has said. */
  readonly rules: MeetingRules | null;
  readonly change: (change: Partial<MeetingRules>) => Promise<void>;
  /** Asks now rather than later. */
  readonly refresh: () => void;
}

export function useDoor(meeting: MeetingClient, isHost: boolean): Door {
  const [waiting, setWaiting] = useState<readonly WaitingPerson[]>([]);
  const [rules, setRules] = useState<MeetingRules | null>(null);
  const [asked, setAsked] = useState(0);

  useEffect(() => {
    if (!isHost) return undefined;
    let isCurrent = true;
    const ask = (): void => {
      if (document.hidden && asked > 0) return;
      void Promise.all([meeting.hosting.listWaiting(), meeting.hosting.fetchRules()]).then(
        ([people, now]) => {
          if (!isCurrent) return;
          setWaiting(people);
          setRules(now);
        },
        // The API is away for a moment: what was known stays, and the next turn asks again.
        () => undefined,
      );
    };
    ask();
    const timer = setInterval(ask, POLL_MS);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [meeting, isHost, asked]);

  const refresh = useCallback(() => {
    setAsked((times) => times + 1);
  }, []);
  const change = useCallback(
    async (wanted: Partial<MeetingRules>) => {
      setRules(await meeting.hosting.changeRules(wanted));
    },
    [meeting],
  );
  return { waiting: isHost ? waiting : [], rules, change, refresh };
}
