/** What people are told of a recording, before they come in and while they are there. */
import { Disc, Pause } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { chosenSpeaker, type MeetingDetails, type MeetingSnapshot } from '../../meeting/index.ts';
import { AskingBanner } from '../components/AskingBanner.tsx';
import { useSettings } from '../settings.ts';
import { chime } from './chime.ts';
import { useReasonWords } from './StateWords.tsx';
import { WORDS } from './words.ts';

/** On the page where people decide whether to come in. */
export function NoticeBefore({ details }: { readonly details: MeetingDetails }): ReactNode {
  const { t } = useTranslation(WORDS);
  const isActive = details.activeRecording !== undefined && details.activeRecording !== null;
  if (!isActive && details.recording !== 'automatic') return null;
  const isPaused = details.activeRecording?.state === 'paused';
  const words = isPaused ? 'noticeBeforePaused' : isActive ? 'noticeBefore' : 'noticeAutomatic';
  return (
    <p className="recording-notice" role="status">
      <Disc aria-hidden /> {t(words)}
    </p>
  );
}

interface NoticeInMeetingProps {
  readonly standing: Exclude<MeetingSnapshot['recording'], 'off'>;
}

/** In the meeting: seen, read out by screen readers, and heard when it begins or goes on. */
export function NoticeInMeeting({ standing }: NoticeInMeetingProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const isPaused = standing === 'paused';
  useEffect(() => {
    if (!isPaused && useSettings.getState().chimes) chime('recording', chosenSpeaker());
  }, [isPaused]);
  return (
    <span className={`recording ${isPaused ? 'is-paused' : ''}`} role="status">
      {isPaused ? <Pause aria-hidden /> : <Disc aria-hidden />} {t(isPaused ? 'noticePaused' : 'notice')}
    </span>
  );
}

/** What hosts read of a recording that has a problem: once for each, until they close it. */
export function RecordingTrouble({ snapshot }: { readonly snapshot: MeetingSnapshot }): ReactNode {
  const { t } = useTranslation(WORDS);
  const { t: common } = useTranslation();
  const reasonWords = useReasonWords();
  const { recording, recordingTrouble: trouble, self } = snapshot;
  const [closed, setClosed] = useState<string | null | undefined>();
  const isDegraded = recording === 'degraded';
  if (!isDegraded && closed !== undefined) setClosed(undefined);
  const isHost = self?.role === 'host' || self?.role === 'cohost';
  if (!isDegraded || !isHost || closed === trouble) return null;
  return (
    <AskingBanner
      text={trouble === null ? t('troubleUnnamed') : t('trouble', { reason: reasonWords(trouble) })}
      no={{
        label: common('meeting.close'),
        onPress: () => {
          setClosed(trouble);
        },
      }}
    />
  );
}
