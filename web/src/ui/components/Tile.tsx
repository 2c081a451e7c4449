import { Hand, MicOff, Pin, PinOff } from 'lucide-react';
import { memo, type CSSProperties, type MouseEvent, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { isMirror, type ParticipantSnapshot } from '../../meeting/index.ts';
import { useContextMenu } from '../useContextMenu.ts';
import { useView } from '../view.ts';
import { pauseOf } from '../pause.ts';
import { Avatar } from './Avatar.tsx';
import { PauseNote } from './PauseNote.tsx';
import { Quality } from './Quality.tsx';
import { TileMenuButton, TileVolumeButton } from './TileMenu.tsx';
import { useOpenTileMenu } from './TileMenus.tsx';
import { Video } from './Video.tsx';

interface TileProps {
  readonly participant: ParticipantSnapshot;
  /** In CSS pixels, where its place does not give it one. */
  readonly height?: number;
  /** Its columns in the grid. */
  readonly column?: string;
  /** How far it is from either side of the stage, in CSS pixels. */
  readonly aside?: number;
  readonly className?: string;
  readonly isPinnable?: boolean;
  /** What is written where there is no room for the name. */
  readonly caption?: string;
}

/** One participant. Renders again only when something of this participant changed. */
export const Tile = memo(function Tile(props: TileProps): ReactNode {
  const { participant, height, column, aside, className = '', isPinnable = true } = props;
  const { t } = useTranslation();
  const { displayName, isSelf, isSpeaking, isHandRaised, audioLevel, tracks } = participant;
  const name = isSelf ? t('meeting.you', { name: displayName }) : displayName;
  const { camera, microphone } = tracks;
  const pause = pauseOf(participant, camera);
  // One's own as well: who sees it moves believes that it is sent.
  const picture = camera?.muted === false && pause === null ? camera.mediaStreamTrack : null;
  const isMuted = microphone?.muted ?? true;
  const speaks = isSpeaking && !isMuted;
  const togglePin = useView((view) => view.togglePin);
  const { id } = participant;
  const openMenu = useOpenTileMenu();
  const handlers = useContextMenu((at) => openMenu?.({ id, place: 'face', kind: 'menu', at }));
  const hasMenu = isPinnable && openMenu !== null;
  return (
    <article
      {...(hasMenu && handlers)}
      className={`tile ${speaks ? 'speaks' : ''} ${className}`}
      style={
        {
          height,
          gridColumn: column,
          '--voice': speaks ? audioLevel : 0,
          ...(aside !== undefined && { '--aside': `${String(aside)}px` }),
        } as CSSProperties
      }
      aria-label={[name, isMuted ? t('meeting.muted') : '', speaks ? t('meeting.speaking') : '']
        .filter(Boolean)
        .join(', ')}
      onDoubleClick={(event) => {
        if (isPinnable && !isOnControl(event)) togglePin(participant.id);
      }}
    >
      {picture === null ? (
        <Avatar id={participant.id} name={displayName} />
      ) : (
        <Video track={picture} mirrored={isSelf && isMirror(picture)} label={name} />
      )}
      {pause !== null && <PauseNote pause={pause} />}
      {isHandRaised && (
        <span className="tile-hand" aria-label={t('meeting.handRaised')} role="img">
          <Hand aria-hidden />
        </span>
      )}
      <span className="tile-name">
        {isMuted ? <MicOff aria-hidden /> : <VoiceBars />}
        <bdi>{props.caption ?? name}</bdi>
        <Quality participant={participant} isQuiet />
      </span>
      {isPinnable && (
        <TileActions id={participant.id}>
          {hasMenu && !isSelf && <TileVolumeButton participant={participant} place="face" />}
          <PinControl id={participant.id} name={name} />
          {hasMenu && <TileMenuButton participant={participant} place="face" />}
        </TileActions>
      )}
    </article>
  );
});

/** Two quick presses of a button, also in what it opened, are for the button. */
function isOnControl({ target, currentTarget }: MouseEvent): boolean {
  return !(target instanceof Element) || target.closest('button, article') !== currentTarget;
}

function TileActions({ id, children }: { readonly id: string; readonly children: ReactNode }): ReactNode {
  const isPinned = useView(({ pins }) => pins.includes(id));
  return <span className={`tile-actions ${isPinned ? 'held' : ''}`}>{children}</span>;
}

function PinControl({ id, name }: { readonly id: string; readonly name: string }): ReactNode {
  const { t } = useTranslation();
  const isPinned = useView(({ pins }) => pins.includes(id));
  const togglePin = useView((view) => view.togglePin);
  return (
    <Button
      className="tile-action"
      data-same={`pin ${id}`}
      aria-label={t(isPinned ? 'meeting.unpin' : 'meeting.pin', { name })}
      onPress={() => {
        togglePin(id);
      }}
    >
      {isPinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
    </Button>
  );
}

/** Three bars that move with the voice. */
function VoiceBars(): ReactNode {
  return (
    <span className="bars" aria-hidden>
      <i />
      <i />
      <i />
    </span>
  );
}
