import { Hand, Mic, MicOff, MonitorUp, Video, VideoOff } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, MeetingSnapshot, ParticipantSnapshot } from '../../meeting/index.ts';
import { Avatar } from './Avatar.tsx';
import { CopyLink } from './CopyLink.tsx';
import { PersonActions } from './PersonActions.tsx';
import { SidePanel } from './SidePanel.tsx';

interface PeoplePanelProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
}

export function PeoplePanel({ meeting: client, snapshot }: PeoplePanelProps): ReactNode {
  const { t } = useTranslation();
  const { participants, meeting, self } = snapshot;
  const isHost = self?.role === 'host' || self?.role === 'cohost';
  return (
    <SidePanel title={t('meeting.count', { count: participants.length })}>
      <ul className="people">
        {participants.map((participant) => (
          <Person key={participant.id} participant={participant}>
            {isHost && !participant.isSelf && <PersonActions meeting={client} participant={participant} />}
          </Person>
        ))}
      </ul>
      <div className="panel-foot">
        <CopyLink code={meeting?.code ?? ''} isPrimary />
      </div>
    </SidePanel>
  );
}

interface PersonProps {
  readonly participant: ParticipantSnapshot;
  readonly children: ReactNode;
}

function Person({ participant, children }: PersonProps): ReactNode {
  const { t } = useTranslation();
  const { id, displayName, isSelf, role, tracks, isHandRaised, isSpeaking } = participant;
  const isMuted = tracks.microphone?.muted ?? true;
  const hasCamera = tracks.camera?.muted === false;
  return (
    <li className={isSpeaking && !isMuted ? 'speaks' : ''}>
      <Avatar id={id} name={displayName} />
      <span className="person-name">
        {isSelf ? t('meeting.you', { name: displayName }) : displayName}
        {(role === 'host' || role === 'cohost') && <small>{t(`meeting.${role}`)}</small>}
      </span>
      {isHandRaised && <Hand className="warn" aria-label={t('meeting.handRaised')} />}
      {tracks.screen !== undefined && <MonitorUp aria-label={t('meeting.screenOf', { name: displayName })} />}
      {isMuted ? <MicOff className="dim" aria-label={t('meeting.muted')} /> : <Mic aria-hidden />}
      {hasCamera ? <Video aria-hidden /> : <VideoOff className="dim" aria-hidden />}
      {children}
    </li>
  );
}
