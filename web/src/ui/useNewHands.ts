/** Tells of each hand that somebody else raises, once. */
import { useEffect, useRef } from 'react';
import type { ParticipantSnapshot } from '../meeting/index.ts';

/** @param onHand Keeps its identity. */
export function useNewHands(
  participants: readonly ParticipantSnapshot[],
  onHand: (participant: ParticipantSnapshot) => void,
): void {
  const before = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    const raised = participants.filter(({ isHandRaised }) => isHandRaised);
    for (const one of raised) {
      const isNew = before.current !== null && !before.current.has(one.id);
      if (isNew && !one.isSelf) onHand(one);
    }
    before.current = new Set(raised.map(({ id }) => id));
  }, [participants, onHand]);
}
