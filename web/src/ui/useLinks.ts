/** How everybody's link is shown, kept from flickering, wherever it is shown. */
import { useEffect } from 'react';
import { create } from 'zustand';
import type { ParticipantSnapshot } from '../meeting/index.ts';
import { dueAt, linkOf, nextSteady, type LinkState, type Steady } from './linkState.ts';

const useLinks = create<{ readonly byId: ReadonlyMap<string, Steady> }>(() => ({ byId: new Map() }));

/** Called once in a meeting. */
export function useWatchedLinks(participants: readonly ParticipantSnapshot[]): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      const now = performance.now();
      const { byId: before } = useLinks.getState();
      const byId = new Map(
        participants.map((one) => [one.id, nextSteady(before.get(one.id), linkOf(one), now)]),
      );
      useLinks.setState({ byId });
      const next = Math.min(...[...byId.values()].map(dueAt));
      if (next < Infinity) timer = setTimeout(look, Math.max(0, next - now));
    };
    look();
    return () => {
      clearTimeout(timer);
    };
  }, [participants]);
}

/** Of somebody who is not watched: as it is at this moment. */
export function useLink(participant: ParticipantSnapshot): LinkState {
  const shown = useLinks(({ byId }) => byId.get(participant.id)?.shown);
  return shown ?? linkOf(participant);
}
