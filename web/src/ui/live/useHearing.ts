/** Keeps what one hears as one chose it: people as loud as before, both ears alike where wanted. */
import { useEffect, useRef } from 'react';
import type { MeetingClient, ParticipantSnapshot } from '../../meeting/index.ts';
import { usePreferences } from './preferences.ts';
import { recallVolumes } from './volumes.ts';

export function useHearing(meeting: MeetingClient, participants: readonly ParticipantSnapshot[]): void {
  const isMono = usePreferences((preferences) => preferences.isMono);
  const known = useRef(new Set<string>());
  useEffect(() => {
    meeting.audioOutput.setMono(isMono);
  }, [meeting, isMono]);
  useEffect(() => {
    const newcomers = participants.filter(({ id, isSelf }) => !isSelf && !known.current.has(id));
    if (newcomers.length === 0) return;
    const volumes = recallVolumes();
    for (const { id } of newcomers) {
      known.current.add(id);
      const volume = volumes.get(id);
      if (volume !== undefined) meeting.setParticipantVolume(id, volume);
    }
  }, [meeting, participants]);
}
