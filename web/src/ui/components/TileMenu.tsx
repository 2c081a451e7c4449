/** The menu of a tile: what the list of people offers for whoever it shows, where one pointed or at its button. */
import { EllipsisVertical } from 'lucide-react';
import { useRef, type ReactNode } from 'react';
import { Button, MenuTrigger, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, ParticipantSnapshot } from '../../meeting/index.ts';
import { LIVE } from '../live/words.ts';
import type { ContextMenu } from '../useContextMenu.ts';
import { useSelected } from '../useSnapshot.ts';
import { PersonMenu } from './PersonActions.tsx';

interface TileMenuProps {
  readonly meeting: MeetingClient;
  readonly participant: ParticipantSnapshot;
  readonly menu: ContextMenu;
}

export function TileMenu({ meeting, participant, menu }: TileMenuProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const ownRole = useSelected(meeting, ({ self }) => self?.role ?? 'participant');
  const button = useRef<HTMLButtonElement>(null);
  const pointed = useRef<HTMLSpanElement>(null);
  const { isOpen, spot, setOpen } = menu;
  return (
    <>
      {spot !== null && <span ref={pointed} className="tile-spot" style={{ left: spot.x, top: spot.y }} />}
      <MenuTrigger isOpen={isOpen} onOpenChange={setOpen}>
        <Button
          ref={button}
          className="tile-action tile-more"
          data-same={`menu ${participant.id}`}
          aria-label={t('tileMenu', { name: participant.displayName })}
        >
          <EllipsisVertical aria-hidden />
        </Button>
        <Popover
          className="popover"
          triggerRef={spot === null ? button : pointed}
          placement={spot === null ? 'bottom end' : 'bottom start'}
          offset={4}
        >
          <PersonMenu meeting={meeting} participant={participant} ownRole={ownRole} />
        </Popover>
      </MenuTrigger>
    </>
  );
}
