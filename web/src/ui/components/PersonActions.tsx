import { EllipsisVertical, MicOff, UserX } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, ParticipantSnapshot } from '../../meeting/index.ts';

interface PersonActionsProps {
  readonly meeting: MeetingClient;
  readonly participant: ParticipantSnapshot;
}

/** What a host may do with somebody. Removing takes a second press, so that it does not happen by accident. */
export function PersonActions({ meeting, participant }: PersonActionsProps): ReactNode {
  const { t } = useTranslation();
  const { id, displayName, tracks } = participant;
  const label = t('meeting.actionsFor', { name: displayName });
  return (
    <DialogTrigger>
      <Button className="icon-button" aria-label={label}>
        <EllipsisVertical aria-hidden />
      </Button>
      <Popover className="popover" placement="bottom end" offset={4}>
        <Dialog className="actions-menu" aria-label={label}>
          {tracks.microphone?.muted === false && (
            <Button
              slot="close"
              className="menu-item"
              onPress={() => {
                meeting.muteParticipant(id);
              }}
            >
              <MicOff aria-hidden /> {t('meeting.mute')}
            </Button>
          )}
          <Button
            slot="close"
            className="menu-item danger"
            onPress={() => {
              meeting.removeParticipant(id);
            }}
          >
            <UserX aria-hidden /> {t('meeting.remove')}
          </Button>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
