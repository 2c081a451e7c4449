/**
 * The menus of tiles, held by the stage: whoever one is of may move to another place meanwhile, and it stays where it
 * was opened. It closes by the user's act, or when they leave.
 */
import { createContext, useContext, useMemo, useRef, useState, type ReactNode, type RefObject } from 'react';
import { MenuContext, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, MeetingSnapshot, ParticipantSnapshot } from '../../meeting/index.ts';
import { VolumeDialog } from '../live/VolumeControl.tsx';
import { LIVE } from '../live/words.ts';
import type { Spot } from '../useContextMenu.ts';
import { PersonMenu } from './PersonActions.tsx';

/** Somebody who shares is there twice. */
export type TilePlace = 'face' | 'screen';
export type TileMenuKind = 'menu' | 'volume';

export interface TileMenuRequest {
  readonly id: string;
  readonly place: TilePlace;
  readonly kind: TileMenuKind;
  /** Where one pointed, or the button that was pressed. */
  readonly at: Spot | Element;
  readonly isByKey?: boolean;
}

interface Opened extends Omit<TileMenuRequest, 'at'> {
  readonly at: Pick<DOMRect, 'x' | 'y' | 'width' | 'height'>;
}

const OpenContext = createContext<((request: TileMenuRequest) => void) | null>(null);
const OpenedContext = createContext<Opened | null>(null);

/** Null where tiles have no menus. */
export const useOpenTileMenu = (): ((request: TileMenuRequest) => void) | null => useContext(OpenContext);

export function useIsTileMenuOpen(id: string, place: TilePlace, kind: TileMenuKind): boolean {
  const opened = useContext(OpenedContext);
  return opened?.id === id && opened.place === place && opened.kind === kind;
}

interface TileMenusProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
  readonly children: ReactNode;
}

export function TileMenus({ meeting, snapshot, children }: TileMenusProps): ReactNode {
  const [opened, setOpened] = useState<Opened | null>(null);
  const anchor = useRef<HTMLSpanElement>(null);
  const open = useMemo(
    () =>
      ({ at, ...request }: TileMenuRequest): void => {
        setOpened({ ...request, at: rectOf(at) });
      },
    [],
  );
  const shown = opened === null ? null : snapshot.participants.find(({ id }) => id === opened.id);
  // Who comes back later does not come with an open menu.
  if (shown === undefined) setOpened(null);
  return (
    <OpenContext value={open}>
      <OpenedContext value={opened}>
        {children}
        {opened !== null && shown != null && (
          <>
            <span
              ref={anchor}
              className="tile-spot"
              style={{
                left: opened.at.x,
                top: opened.at.y,
                width: opened.at.width,
                height: opened.at.height,
              }}
            />
            <OpenMenu
              meeting={meeting}
              participant={shown}
              ownRole={snapshot.self?.role ?? 'participant'}
              opened={opened}
              anchor={anchor}
              onClose={() => {
                setOpened(null);
              }}
            />
          </>
        )}
      </OpenedContext>
    </OpenContext>
  );
}

interface OpenMenuProps {
  readonly meeting: MeetingClient;
  readonly participant: ParticipantSnapshot;
  readonly ownRole: ParticipantSnapshot['role'];
  readonly opened: Opened;
  readonly anchor: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
}

function OpenMenu({ meeting, participant, ownRole, opened, anchor, onClose }: OpenMenuProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const { kind, at, isByKey = false } = opened;
  const isMenu = kind === 'menu';
  return (
    <Popover
      className={isMenu ? 'popover' : 'popover padded'}
      trigger={isMenu ? 'MenuTrigger' : 'DialogTrigger'}
      aria-label={t(isMenu ? 'tileMenu' : 'volume', { name: participant.displayName })}
      triggerRef={anchor}
      isOpen
      onOpenChange={onClose}
      placement={at.width === 0 ? 'bottom start' : 'bottom end'}
      offset={4}
    >
      {isMenu ? (
        <MenuContext value={{ onClose, autoFocus: isByKey ? 'first' : true }}>
          <PersonMenu meeting={meeting} participant={participant} ownRole={ownRole} />
        </MenuContext>
      ) : (
        <VolumeDialog meeting={meeting} participant={participant} />
      )}
    </Popover>
  );
}

function rectOf(at: Spot | Element): Opened['at'] {
  return at instanceof Element ? at.getBoundingClientRect() : { ...at, width: 0, height: 0 };
}
