/** What people are told of a recording, before they come in and while they are there. */
import { Disc } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingDetails } from '../../meeting/index.ts';
import { WORDS } from './words.ts';

/** On the page where people decide whether to come in. */
export function NoticeBefore({ details }: { readonly details: MeetingDetails }): ReactNode {
  const { t } = useTranslation(WORDS);
  const isActive = details.activeRecording !== undefined && details.activeRecording !== null;
  if (!isActive && details.recording !== 'automatic') return null;
  return (
    <p className="recording-notice" role="status">
      <Disc aria-hidden /> {t(isActive ? 'noticeBefore' : 'noticeAutomatic')}
    </p>
  );
}

/** In the meeting: seen, read out by screen readers, and heard once when it begins. */
export function NoticeInMeeting(): ReactNode {
  const { t } = useTranslation(WORDS);
  useEffect(chime, []);
  return (
    <span className="recording" role="status">
      <Disc aria-hidden /> {t('notice')}
    </span>
  );
}

const CHIME_SECONDS = 0.4;

/** Two short tones; a page that may not sound yet stays silent, as the words are there. */
function chime(): void {
  if (typeof AudioContext === 'undefined') return;
  const context = new AudioContext();
  const gain = context.createGain();
  gain.gain.value = 0.08;
  gain.connect(context.destination);
  [660, 880].forEach((frequency, index) => {
    const tone = context.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(gain);
    tone.start(context.currentTime + (index * CHIME_SECONDS) / 2);
    tone.stop(context.currentTime + ((index + 1) * CHIME_SECONDS) / 2);
    tone.onended = () => {
      if (index === 1) void context.close();
    };
  });
}
