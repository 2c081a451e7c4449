/** What a host sees of the meeting's door: who waits, and whether it is locked. */
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, MeetingRules, RuleChange, WaitingPerson } from '../meeting/index.ts';
import { showToast } from './components/toasts.ts';

export interface Door {
  readonly waiting: readonly WaitingPerson[];
  /** Null until the API has said. */
  readonly rules: MeetingRules | null;
  readonly change: (change: RuleChange) => Promise<void>;
  /** Asks now rather than later. */
  readonly refresh: () => void;
}

export function useDoor(meeting: MeetingClient, isHost: boolean): Door {
  const [waiting, setWaiting] = useState<readonly WaitingPerson[]>([]);
  const [rules, setRules] = useState<MeetingRules | null>(null);
  const [asked, setAsked] = useState(0);
  const [wasHost, setWasHost] = useState(isHost);
  // Who is made host again is told anew: what was so before is nothing that happens now.
  if (wasHost !== isHost) {
    setWasHost(isHost);
    setWaiting([]);
    setRules(null);
  }
  const { t } = useTranslation();

  useEffect(() => {
    if (!isHost) return undefined;
    let told = 0;
    return meeting.hosting.watchDoor((door) => {
      if (door.guesses > told) showToast(t('people.guessed'));
      told = door.guesses;
      setWaiting(door.waiting);
      setRules(door.rules);
    });
  }, [meeting, isHost, asked, t]);

  const refresh = useCallback(() => {
    setAsked((times) => times + 1);
  }, []);
  const change = useCallback(
    async (wanted: RuleChange) => {
      setRules(await meeting.hosting.changeRules(wanted));
      // From now on somebody may wait, or nobody.
      setAsked((times) => times + 1);
    },
    [meeting],
  );
  return { waiting, rules, change, refresh };
}
