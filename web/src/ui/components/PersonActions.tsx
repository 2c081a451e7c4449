import { EllipsisVertical } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, ParticipantSnapshot, Role } from '../../meeting/index.ts';
import { LIVE } from '../live/words.ts';
import { useView } from '../view.ts';
import { showToast } from './toasts.ts';

interface PersonActionsProps {
  readonly meeting: MeetingClient;
  readonly participant: ParticipantSnapshot;
  /** The own role: a cohost may not touch a host. */
  readonly ownRole: Role;
}

/** What one may do with somebody. Removing takes a second press, so that it does not happen by accident. */
export function PersonActions({ meeting, participant, ownRole }: PersonActionsProps): ReactNode {
  const { t } = useTranslation();
  const { t: live } = useTranslation(LIVE);
  const [isSure, setSure] = useState(false);
  const togglePin = useView((view) => view.togglePin);
  const isPinned = useView(({ pins }) => pins.includes(participant.id));
  const { id, displayName, tracks, role } = participant;
  const label = t('meeting.actionsFor', { name: displayName });
  const mayModerate = ownRole === 'host' || (ownRole === 'cohost' && role !== 'host');
  const tell = (work: Promise<void>): void => {
    work.catch(() => {
      showToast(t('meeting.refused'));
    });
  };
  const roles: readonly Role[] =
    role === 'cohost' ? ['participant'] : role === 'participant' ? ['cohost'] : [];
  return (
    <MenuTrigger
      onOpenChange={() => {
        setSure(false);
      }}
    >
      <Button className="icon-button" aria-label={label}>
        <EllipsisVertical aria-hidden />
      </Button>
      <Popover className="popover" placement="bottom end" offset={4}>
        <Menu className="menu" aria-label={label}>
          <Item
            name={t(isPinned ? 'people.unpin' : 'people.pin')}
            onAction={() => {
              togglePin(id);
            }}
          />
          {mayModerate && tracks.microphone?.muted === false && (
            <Item
              name={t('meeting.mute')}
              onAction={() => {
                meeting.muteParticipant(id);
              }}
            />
          )}
          {mayModerate &&
            roles.map((next) => (
              <Item
                key={next}
                name={t(next === 'cohost' ? 'people.makeCohost' : 'people.takeCohost')}
                onAction={() => {
                  tell(meeting.hosting.setRole(id, next));
                }}
              />
            ))}
          {mayModerate && !['host', 'cohost'].includes(role) && (
            <Item
              name={live(participant.mayCaption ? 'captions.stop' : 'captions.allow')}
              onAction={() => {
                meeting.captions.allow(id, !participant.mayCaption);
              }}
            />
          )}
          {mayModerate && !isSure && (
            <Item
              name={t('meeting.remove')}
              isDangerous
              staysOpen
              onAction={() => {
                setSure(true);
              }}
            />
          )}
          {mayModerate && isSure && (
            <>
              <Item
                name={t('people.removeNow', { name: displayName })}
                isDangerous
                onAction={() => {
                  meeting.removeParticipant(id);
                }}
              />
              <Item
                name={t('people.ban', { name: displayName })}
                isDangerous
                onAction={() => {
                  tell(meeting.hosting.ban(id));
                }}
              />
            </>
          )}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
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
