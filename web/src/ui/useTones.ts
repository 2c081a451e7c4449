/** Short tones for what others do: a hand, a message, somebody at the door. Nothing that one does oneself is heard. */
import { useCallback, useEffect, useRef } from 'react';
import { chosenSpeaker, type MeetingClient, type ParticipantSnapshot } from '../meeting/index.ts';
import { chime } from './recordings/chime.ts';
import { useSession } from './session.ts';
import { useSettings, type Tone } from './settings.ts';
import { NEVER, tryTone, withArrival } from './toneRules.ts';
import { useNewHands } from './useNewHands.ts';
import type { Door } from './useHosting.ts';

export function useTones(
  meeting: MeetingClient,
  participants: readonly ParticipantSnapshot[],
  { waiting, rules }: Pick<Door, 'waiting' | 'rules'>,
): void {
  const stillness = useRef(NEVER);
  const sound = useCallback((tone: Tone): void => {
    if (!useSettings.getState().tones[tone]) return;
    const { isHeard, after } = tryTone(stillness.current, performance.now());
    stillness.current = after;
    if (isHeard) chime(tone, chosenSpeaker());
  }, []);
  const noteArrival = useCallback((): void => {
    stillness.current = withArrival(stillness.current, performance.now());
  }, []);

  const onHand = useCallback(() => {
    sound('hands');
  }, [sound]);
  useNewHands(participants, onHand);

  useEffect(() => {
    const ends = [
      meeting.on('participantJoined', noteArrival),
      meeting.on('message', ({ from }) => {
        // Who has the chat open reads it.
        const isOpen = useSession.getState().panel === 'chat';
        if (!isOpen && from !== meeting.getSnapshot().self?.id) sound('chat');
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [meeting, sound, noteArrival]);

  // Who waited before one came, or before one became a host, is no news.
  const isKnown = rules !== null;
  const atDoor = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    const before = atDoor.current;
    atDoor.current = isKnown ? new Set(waiting.map(({ id }) => id)) : null;
    if (before === null) return;
    const come = waiting.filter(({ id }) => !before.has(id));
    come.forEach(noteArrival);
    if (come.length > 0) sound('door');
  }, [waiting, isKnown, sound, noteArrival]);
}
