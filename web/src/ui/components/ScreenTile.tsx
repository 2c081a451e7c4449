import { MonitorUp } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ParticipantSnapshot } from '../../meeting/index.ts';
import { pauseOf } from '../pause.ts';
import { useContextMenu } from '../useContextMenu.ts';
import { PauseNote } from './PauseNote.tsx';
import { TileMenuButton } from './TileMenu.tsx';
import { useOpenTileMenu } from './TileMenus.tsx';
import { Video } from './Video.tsx';

/** What somebody shares. One's own is named, not shown: a mirror of a mirror helps nobody. */
interface ScreenTileProps {
  readonly sharer: ParticipantSnapshot;
  /** What one does with one's own. */
  readonly children?: ReactNode;
}

export function ScreenTile({ sharer, children }: ScreenTileProps): ReactNode {
  const { t } = useTranslation();
  const label = t('meeting.screenOf', { name: sharer.displayName });
  const track = sharer.tracks.screen?.mediaStreamTrack ?? null;
  const pause = pauseOf(sharer, sharer.tracks.screen);
  const openMenu = useOpenTileMenu();
  const handlers = useContextMenu((at) => openMenu?.({ id: sharer.id, place: 'screen', kind: 'menu', at }));
  const hasMenu = openMenu !== null && !sharer.isSelf;
  return (
    <article {...(hasMenu && handlers)} className="screen" aria-label={label}>
      {sharer.isSelf || track === null ? (
        <div className="screen-own">
          <MonitorUp aria-hidden />
          <p>{sharer.isSelf ? t('meeting.yourScreen') : label}</p>
          {pause !== null && <PauseNote pause={pause} />}
          {sharer.isSelf && children}
        </div>
      ) : (
        <>
          <Video track={track} label={label} />
          <span className="tile-name">{label}</span>
        </>
      )}
      {hasMenu && (
        <span className="tile-actions">
          <TileMenuButton participant={sharer} place="screen" />
        </span>
      )}
    </article>
  );
}
