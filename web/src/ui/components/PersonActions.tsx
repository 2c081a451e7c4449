import type { TFunction } from 'i18next';
import { EllipsisVertical } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import {
  mayModerate,
  mayPublish,
  type MeetingClient,
  type ParticipantSnapshot,
  type Role,
} from '../../meeting/index.ts';
import { VolumeDialog } from '../live/VolumeControl.tsx';
import { LIVE } from '../live/words.ts';
import { useRenaming } from '../renaming.ts';
import { useView } from '../view.ts';
import { showToast } from './toasts.ts';

interface PersonActionsProps {
  readonly meeting: MeetingClient;
  readonly participant: ParticipantSnapshot;
  /** The own role: a cohost may not touch a host. */
  readonly ownRole: Role;
}

/** What one may do with somebody, by a button. */
export function PersonActions(props: PersonActionsProps): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <MenuTrigger isOpen={isOpen} onOpenChange={setOpen}>
      <Button
        className="icon-button"
        aria-label={t('meeting.actionsFor', { name: props.participant.displayName })}
      >
        <EllipsisVertical aria-hidden />
      </Button>
      <Popover className="popover" placement="bottom end" offset={4}>
        <PersonMenu {...props} />
      </Popover>
    </MenuTrigger>
  );
}

/** The one catalogue of it; what is asked first is kept for as long as it is open. */
export function PersonMenu({ meeting, participant, ownRole }: PersonActionsProps): ReactNode {
  const { t } = useTranslation();
  const [step, setStep] = useState<'choosing' | 'volume' | 'removal'>('choosing');
  const togglePin = useView((view) => view.togglePin);
  const isPinned = useView(({ pins }) => pins.includes(participant.id));
  const { id, displayName, isSelf } = participant;
  const isBelow = !isSelf && mayModerate({ role: ownRole }, participant);
  if (step === 'volume') {
    return (
      <div className="popover-part">
        <VolumeDialog meeting={meeting} participant={participant} />
      </div>
    );
  }
  return (
    <Menu className="menu" aria-label={t('meeting.actionsFor', { name: displayName })}>
      <Item
        name={t(isPinned ? 'people.unpin' : 'people.pin')}
        onAction={() => {
          togglePin(id);
        }}
      />
      {!isSelf && (
        <VolumeItem
          onAction={() => {
            setStep('volume');
          }}
        />
      )}
      {isBelow && <ModeratorItems meeting={meeting} participant={participant} />}
      {isBelow && <RoleItems meeting={meeting} participant={participant} ownRole={ownRole} />}
      {isBelow && (
        <RemovalItems
          meeting={meeting}
          participant={participant}
          isSure={step === 'removal'}
          onSure={() => {
            setStep('removal');
          }}
        />
      )}
    </Menu>
  );
}

function VolumeItem({ onAction }: { readonly onAction: () => void }): ReactNode {
  const { t } = useTranslation(LIVE);
  return <Item name={t('volumeItem')} staysOpen onAction={onAction} />;
}

type OfSomebody = Omit<PersonActionsProps, 'ownRole'>;

const STOPPABLE = [
  ['microphone', 'meeting.mute'],
  ['camera', 'meeting.stopCamera'],
  ['screen', 'meeting.endShare'],
] as const;

function ModeratorItems({ meeting, participant }: OfSomebody): ReactNode {
  const { t } = useTranslation();
  const { t: live } = useTranslation(LIVE);
  const { id, displayName, tracks, role, mayCaption } = participant;
  return (
    <>
      {STOPPABLE.filter(([source]) => tracks[source]?.muted === false).map(([source, name]) => (
        <Item
          key={source}
          name={t(name)}
          onAction={() => {
            void meeting.muteParticipant(id, source);
          }}
        />
      ))}
      {mayPublish(participant) && tracks.microphone?.muted !== false && (
        <Item
          name={t('meeting.askToUnmute')}
          onAction={() => {
            const tell = (): void => {
              showToast(t('meeting.askedToUnmute', { name: displayName }));
            };
            // What the node refused is told by its answer.
            meeting.askToUnmute(id).then(tell, () => undefined);
          }}
        />
      )}
      <Item
        name={live('rename.action')}
        onAction={() => {
          useRenaming.getState().ask(id);
        }}
      />
      {!['host', 'cohost'].includes(role) && (
        <Item
          name={live(mayCaption ? 'captions.stop' : 'captions.allow')}
          onAction={() => {
            meeting.captions.allow(id, !mayCaption);
          }}
        />
      )}
    </>
  );
}

/** What somebody may become, and what that is called. */
const NEXT_ROLES: Readonly<Partial<Record<Role, readonly (readonly [Role, string])[]>>> = {
  host: [['cohost', 'people.makeCohost']],
  cohost: [
    ['host', 'people.makeHost'],
    ['participant', 'people.takeCohost'],
  ],
  participant: [
    ['host', 'people.makeHost'],
    ['cohost', 'people.makeCohost'],
    ['viewer', 'people.makeViewer'],
  ],
  viewer: [['participant', 'people.takeViewer']],
};

function RoleItems({ meeting, participant, ownRole }: PersonActionsProps): ReactNode {
  const { t } = useTranslation();
  const { id, role } = participant;
  // Only a host makes hosts.
  const offered = (NEXT_ROLES[role] ?? []).filter(([next]) => next !== 'host' || ownRole === 'host');
  return offered.map(([next, name]) => (
    <Item
      key={next}
      name={t(name)}
      onAction={() => {
        orSayRefused(meeting.hosting.setRole(id, next), t);
      }}
    />
  ));
}

interface RemovalItemsProps extends OfSomebody {
  readonly isSure: boolean;
  readonly onSure: () => void;
}

/** Removing takes a second press, so that it does not happen by accident. */
function RemovalItems({ meeting, participant, isSure, onSure }: RemovalItemsProps): ReactNode {
  const { t } = useTranslation();
  const { id, displayName } = participant;
  if (!isSure) {
    return (
      <Item
        name={t('meeting.remove')}
        isDangerous
        staysOpen
        onAction={() => {
          onSure();
        }}
      />
    );
  }
  return (
    <>
      <Item
        name={t('people.removeNow', { name: displayName })}
        isDangerous
        onAction={() => {
          void meeting.removeParticipant(id);
        }}
      />
      <Item
        name={t('people.ban', { name: displayName })}
        isDangerous
        onAction={() => {
          orSayRefused(meeting.hosting.ban(id), t);
        }}
      />
    </>
  );
}

function orSayRefused(work: Promise<void>, t: TFunction): void {
  work.catch(() => {
    showToast(t('meeting.refused'));
  });
}

interface ItemProps {
  readonly name: string;
  readonly onAction: () => void;
  readonly isDangerous?: boolean;
  readonly staysOpen?: boolean;
}

function Item({ name, onAction, isDangerous = false, staysOpen = false }: ItemProps): ReactNode {
  return (
    <MenuItem
      className={`menu-item ${isDangerous ? 'danger' : ''}`}
      onAction={onAction}
      shouldCloseOnSelect={!staysOpen}
    >
      {name}
    </MenuItem>
  );
}
