import { Users } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingSnapshot } from '../../meeting/index.ts';
import { RecordControl } from '../recordings/RecordControl.tsx';
import { NoticeInMeeting } from '../recordings/RecordingNotice.tsx';
import { CopyLink } from './CopyLink.tsx';
import { Wordmark } from './Wordmark.tsx';

export function MeetingHead(props: { readonly snapshot: MeetingSnapshot; readonly code: string }): ReactNode {
  const { t } = useTranslation();
  const { meeting, participants, recording, self } = props.snapshot;
  return (
    <header className="meeting-head">
      <Wordmark />
      <h1>{meeting?.title ?? t('join.untitled')}</h1>
      {recording !== 'off' && <NoticeInMeeting standing={recording} />}
      {(self?.role === 'host' || self?.role === 'cohost') && (
        <RecordControl code={props.code} standing={recording} />
      )}
      <span className="count" role="img" aria-label={t('meeting.count', { count: participants.length })}>
        <Users aria-hidden /> {participants.length}
      </span>
      <CopyLink code={meeting?.code ?? props.code} />
    </header>
  );
}
