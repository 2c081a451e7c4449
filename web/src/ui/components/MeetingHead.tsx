import { Users } from 'lucide-react';
import type { ReactNode, Ref } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingSnapshot } from '../../meeting/index.ts';
import { RecordControl } from '../recordings/RecordControl.tsx';
import { NoticeInMeeting } from '../recordings/RecordingNotice.tsx';
import { CopyLink } from './CopyLink.tsx';
import { Wordmark } from './Wordmark.tsx';

interface MeetingHeadProps {
  /** The heading, where what reads the page aloud begins. */
  readonly ref: Ref<HTMLHeadingElement>;
  readonly snapshot: MeetingSnapshot;
  readonly code: string;
}

export function MeetingHead({ ref, snapshot, code }: MeetingHeadProps): ReactNode {
  const { t } = useTranslation();
  const { meeting, participants, recording, self } = snapshot;
  return (
    <header className="meeting-head">
      <Wordmark />
      <h1 ref={ref} tabIndex={-1}>
        {meeting?.title ?? t('join.untitled')}
      </h1>
      {recording !== 'off' && <NoticeInMeeting standing={recording} />}
      {(self?.role === 'host' || self?.role === 'cohost') && (
        <RecordControl code={code} standing={recording} />
      )}
      <span className="count" role="img" aria-label={t('meeting.count', { count: participants.length })}>
        <Users aria-hidden /> {participants.length}
      </span>
      <CopyLink code={meeting?.code ?? code} />
    </header>
  );
}
