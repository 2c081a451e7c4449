/** What people are told of a recording, before they come in and while they are there. */
import { Disc } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { chosenSpeaker, type MeetingDetails } from '../../meeting/index.ts';
import { useSettings } from '../settings.ts';
import { chime } from './chime.ts';
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
  useEffect(() => {
    if (useSettings.getState().chimes) chime(chosenSpeaker());
  }, []);
  return (
    <span className="recording" role="status">
      <Disc aria-hidden /> {t('notice')}
    </span>
  );
}
