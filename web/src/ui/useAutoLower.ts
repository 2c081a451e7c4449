import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, ParticipantSnapshot } from '../meeting/index.ts';
import { showToast } from './components/toasts.ts';

/** Long enough to be a turn at speaking rather than a cough. */
const SPOKEN_MS = 3_000;

/** Lowers one's own hand once one speaks: it was heard. */
export function useAutoLower(meeting: MeetingClient, self: ParticipantSnapshot | null): void {
  const { t } = useTranslation();
  const speaksWithHand = self !== null && self.isHandRaised && self.isSpeaking;
  useEffect(() => {
    if (!speaksWithHand) return undefined;
    const timer = setTimeout(() => {
      meeting.setHand(false);
      showToast(t('meeting.handLowered'), 'hands');
    }, SPOKEN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [meeting, speaksWithHand, t]);
}
