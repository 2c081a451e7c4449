/** Keeps what a host made of one's name, so that whoever reloads the page or comes in again is called so. */
import { useEffect } from 'react';
import type { ParticipantSnapshot } from '../meeting/index.ts';
import { useSession } from './session.ts';

export function useNameOfNow(code: string, self: ParticipantSnapshot | null): void {
  const { displayName, setGivenName } = useSession();
  const own = displayName.trim();
  const now = self?.displayName;
  useEffect(() => {
    if (now !== undefined) setGivenName(code, now === own ? null : now);
  }, [code, now, own, setGivenName]);
}
