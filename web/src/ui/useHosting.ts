/** What a host sees of the meeting's door: who waits, and whether it is locked. */
import { useCallback, useEffect, useState } from 'react';
import type { MeetingClient, MeetingRules, WaitingPerson } from '../meeting/index.ts';

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
    return meeting.hosting.watchDoor((door) => {
      setWaiting(door.waiting);
      setRules(door.rules);
    });
  }, [meeting, isHost, asked]);

  const refresh = useCallback(() => {
    setAsked((times) => times + 1);
  }, []);
  const change = useCallback(
    async (wanted: Partial<MeetingRules>) => {
      setRules(await meeting.hosting.changeRules(wanted));
      // From now on somebody may wait, or nobody.
      setAsked((times) => times + 1);
    },
    [meeting],
  );
  return { waiting: isHost ? waiting : [], rules, change, refresh };
}
