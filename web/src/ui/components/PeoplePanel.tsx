import { CirclePause, Hand, Mic, MicOff, MonitorUp, Pencil, Video, VideoOff } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button, Input, SearchField, SwitchButton, SwitchField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, MeetingSnapshot, ParticipantSnapshot } from '../../meeting/index.ts';
import { pauseOf } from '../pause.ts';
import { handQueue, search } from '../people.ts';
import { useRenaming } from '../renaming.ts';
import { VolumeControl } from '../live/VolumeControl.tsx';
import type { Door } from '../useHosting.ts';
import { LIVE } from '../live/words.ts';
import { Avatar } from './Avatar.tsx';
import { CopyLink } from './CopyLink.tsx';
import { PersonActions } from './PersonActions.tsx';
import { Quality } from './Quality.tsx';
import { SidePanel } from './SidePanel.tsx';
import { WaitingList } from './WaitingList.tsx';
import { showToast } from './toasts.ts';

interface PeoplePanelProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
  readonly door: Door;
}

export default function PeoplePanel({ meeting: client, snapshot, door }: PeoplePanelProps): ReactNode {
  const { t } = useTranslation();
  const [words, setWords] = useState('');
  const { participants, meeting, self } = snapshot;
  const ownRole = self?.role ?? 'participant';
  const isHost = ownRole === 'host' || ownRole === 'cohost';
  const found = search(participants, words);
  return (
    <SidePanel title={t('meeting.count', { count: participants.length })}>
      <SearchField
        className="people-search"
        value={words}
        onChange={setWords}
        aria-label={t('people.search')}
        autoFocus
      >
        <Input placeholder={t('people.search')} dir="auto" />
      </SearchField>
      <div className="people-body">
        {isHost && <WaitingList meeting={client} door={door} />}
        <HandList people={handQueue(participants)} host={isHost ? client : null} />
        <ul className="people">
          {found.map((participant) => (
            <Person key={participant.id} participant={participant}>
              {participant.isSelf && <RenameSelf id={participant.id} />}
              {!participant.isSelf && <VolumeControl meeting={client} participant={participant} />}
              {!participant.isSelf && (
                <PersonActions meeting={client} participant={participant} ownRole={ownRole} />
              )}
            </Person>
          ))}
        </ul>
        {found.length === 0 && (
          <p className="chat-empty" role="status">
            {t('people.nobody')}
          </p>
        )}
      </div>
      <div className="panel-foot">
        {isHost && <HostControls meeting={client} door={door} />}
        <CopyLink code={meeting?.code ?? ''} isPrimary />
      </div>
    </SidePanel>
  );
}

/** Whose turn it is: hands in the order in which they went up. */
function HandList({ people, host }: HandListProps): ReactNode {
  const { t } = useTranslation();
  if (people.length === 0) return null;
  return (
    <section className="hands" aria-labelledby="hands-title">
      <header>
        <h3 id="hands-title">{t('people.hands')}</h3>
        {host !== null && (
          <Button
            className="button quiet"
            onPress={() => {
              void host.lowerAllHands();
            }}
          >
            {t('people.lowerAllHands')}
          </Button>
        )}
      </header>
      <ol>
        {people.map(({ id, displayName }) => (
          <li key={id}>
            <Hand className="warn" aria-hidden /> <bdi>{displayName}</bdi>
            {host !== null && (
              <Button
                className="button quiet"
                aria-label={t('people.lowerHand', { name: displayName })}
                onPress={() => {
                  void host.lowerHand(id);
                }}
              >
                {t('people.lowerHandShort')}
              </Button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface HandListProps {
  readonly people: readonly ParticipantSnapshot[];
  /** The meeting of somebody who may lower hands. */
  readonly host: MeetingClient | null;
}

function HostControls({
  meeting,
  door,
}: {
  readonly meeting: MeetingClient;
  readonly door: Door;
}): ReactNode {
  const { t } = useTranslation();
  const fail = (): void => {
    showToast(t('meeting.refused'));
  };
  return (
    <div className="host-controls">
      {(['locked', 'waitingRoom'] as const).map((rule) => (
        <SwitchField
          key={rule}
          isSelected={door.rules?.[rule] ?? false}
          isDisabled={door.rules === null}
          onChange={(isOn) => {
            door.change({ [rule]: isOn }).catch(fail);
          }}
        >
          <SwitchButton className="switch">
            <span className="switch-track" aria-hidden />
            {t(`people.${rule}`)}
          </SwitchButton>
        </SwitchField>
      ))}
      <Button
        className="button"
        onPress={() => {
          meeting.hosting.muteAll().catch(fail);
        }}
      >
        <MicOff aria-hidden /> {t('people.muteAll')}
      </Button>
    </div>
  );
}

function CameraState({ participant }: { readonly participant: ParticipantSnapshot }): ReactNode {
  const { t } = useTranslation();
  const { camera } = participant.tracks;
  const pause = pauseOf(participant, camera);
  if (pause !== null) return <CirclePause className="warn" aria-label={t(`pause.${pause}`)} />;
  return camera?.muted === false ? <Video aria-hidden /> : <VideoOff className="dim" aria-hidden />;
}

function RenameSelf({ id }: { readonly id: string }): ReactNode {
  const { t } = useTranslation(LIVE);
  return (
    <Button
      className="icon-button"
      aria-label={t('rename.self')}
      onPress={() => {
        useRenaming.getState().ask(id);
      }}
    >
      <Pencil aria-hidden />
    </Button>
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
  return (
    <li className={isSpeaking && !isMuted ? 'speaks' : ''}>
      <Avatar id={id} name={displayName} />
      <span className="person-name">
        <bdi>{isSelf ? t('meeting.you', { name: displayName }) : displayName}</bdi>
        <span className="person-more">
          <Quality participant={participant} />
          {(role === 'host' || role === 'cohost') && <small>{t(`meeting.${role}`)}</small>}
        </span>
      </span>
      {isHandRaised && <Hand className="warn" aria-label={t('meeting.handRaised')} />}
      {tracks.screen !== undefined && <MonitorUp aria-label={t('meeting.screenOf', { name: displayName })} />}
      {isMuted ? <MicOff className="dim" aria-label={t('meeting.muted')} /> : <Mic aria-hidden />}
      <CameraState participant={participant} />
      {children}
    </li>
  );
}
