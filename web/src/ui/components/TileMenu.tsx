/** The buttons of a tile that open what the list of people offers for whoever it shows. */
import { EllipsisVertical } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { ParticipantSnapshot } from '../../meeting/index.ts';
import { VolumeIcon } from '../live/VolumeControl.tsx';
import { LIVE } from '../live/words.ts';
import { useIsTileMenuOpen, useOpenTileMenu, type TileMenuKind, type TilePlace } from './TileMenus.tsx';

interface OfTile {
  readonly participant: ParticipantSnapshot;
  readonly place: TilePlace;
}

export function TileMenuButton(props: OfTile): ReactNode {
  const { t } = useTranslation(LIVE);
  return (
    <Opener
      {...props}
      kind="menu"
      className="tile-more"
      label={t('tileMenu', { name: props.participant.displayName })}
    >
      <EllipsisVertical aria-hidden />
    </Opener>
  );
}

export function TileVolumeButton(props: OfTile): ReactNode {
  const { t } = useTranslation(LIVE);
  const { displayName, volume } = props.participant;
  return (
    <Opener
      {...props}
      kind="volume"
      className={volume === 1 ? '' : 'changed'}
      label={t('volume', { name: displayName })}
    >
      <VolumeIcon volume={volume} />
    </Opener>
  );
}

interface OpenerProps extends OfTile {
  readonly kind: TileMenuKind;
  readonly className: string;
  readonly label: string;
  readonly children: ReactNode;
}

function Opener({ participant, place, kind, className, label, children }: OpenerProps): ReactNode {
  const open = useOpenTileMenu();
  const { id } = participant;
  return (
    <Button
      className={`tile-action ${className}`}
      data-same={`${kind} ${id}`}
      aria-label={label}
      aria-haspopup={kind === 'menu' ? 'menu' : 'dialog'}
      aria-expanded={useIsTileMenuOpen(id, place, kind)}
      onPress={({ target, pointerType }) => {
        const isByKey = pointerType === 'keyboard' || pointerType === 'virtual';
        open?.({ id, place, kind, at: target, isByKey });
      }}
      onKeyDown={(event) => {
        if (kind === 'menu' && (event.key === 'ArrowDown' || event.key === 'ArrowUp'))
          open?.({ id, place, kind, at: event.currentTarget as Element, isByKey: true });
        else event.continuePropagation();
      }}
    >
      {children}
    </Button>
  );
}
