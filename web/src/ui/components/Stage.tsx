/** Everyone who fits, in the arrangement that the person chose, and the shared screen. */
import { useRef, useState, type CSSProperties, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, MeetingSnapshot, ParticipantSnapshot } from '../../meeting/index.ts';
import type { Places } from '../arrange.ts';
import { MAX_PICTURES, gridPlaces, layOutGrid, paginate, standingOf, stripPlaces } from '../layout.ts';
import { ShareBar } from '../live/ShareBar.tsx';
import { usePictureInPicture } from '../live/pictureInPicture.ts';
import { useSeating } from '../useSeating.ts';
import { useSize } from '../useSize.ts';
import { useVisible } from '../useVisible.ts';
import { CopyLink } from './CopyLink.tsx';
import { FloatingSelf } from './FloatingSelf.tsx';
import { Pager } from './Pager.tsx';
import { ScreenTile } from './ScreenTile.tsx';
import { Tile } from './Tile.tsx';
import { TileMenus } from './TileMenus.tsx';

const GAP = 12;

interface StageProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
}

export function Stage({ meeting, snapshot }: StageProps): ReactNode {
  const { t } = useTranslation();
  const { tiles } = snapshot.adaptation.plan;
  const stage = useRef<HTMLElement>(null);
  const mainArea = useRef<HTMLDivElement>(null);
  const stripArea = useRef<HTMLDivElement>(null);
  const [gridPage, setGridPage] = useState(0);
  const [places, setPlaces] = useState<Places>({ grid: tiles, strip: tiles });
  const { arrangement, sharer, byId } = useSeating(snapshot, places);
  const { kind } = arrangement;
  const hasStrip = arrangement.strip.length > 0;
  const [stripPage, setStripPage] = usePageOf(hasStrip ? `${kind} ${sharer?.id ?? ''}` : '');
  const { width } = useSize(stage);
  const size = useSize(mainArea, kind);
  const stripSize = useSize(stripArea, hasStrip && kind);

  const people = (ids: readonly string[]): readonly ParticipantSnapshot[] =>
    ids.flatMap((id) => byId.get(id) ?? []);
  const gridHolds = Math.min(gridPlaces(size.width), tiles);
  const mainPage = paginate(arrangement.main, hasStrip ? 0 : gridPage, gridHolds);
  const left = MAX_PICTURES - (sharer === null ? mainPage.items.length : 1);
  const stripHolds = Math.min(
    left,
    stripPlaces(stripSize.width, stripSize.height, GAP),
    Math.max(1, tiles - 1),
  );
  const facesPage = paginate(arrangement.strip, stripPage, stripHolds);
  if (kind !== 'share' && gridHolds !== places.grid) setPlaces({ ...places, grid: gridHolds });
  else if (hasStrip && stripHolds !== places.strip) setPlaces({ ...places, strip: stripHolds });
  const main = people(mainPage.items);
  const strip = people(facesPage.items);
  const grid = layOutGrid(main.length, size.width, size.height, GAP);
  const self = arrangement.floating === null ? null : (byId.get(arrangement.floating) ?? null);

  const isElsewhere = usePictureInPicture((small) => small.isOpen);
  useVisible(meeting, { sharer, main, mainHeight: grid.tileHeight, strip }, isElsewhere);

  return (
    <TileMenus meeting={meeting} snapshot={snapshot}>
      <section
        ref={stage}
        className={`stage ${kind}`}
        style={{ '--stage': `${String(width)}px` } as CSSProperties}
        aria-label={t('meeting.stage')}
      >
        {sharer !== null && (
          <ScreenTile sharer={sharer}>
            {snapshot.share !== null && <ShareBar meeting={meeting} share={snapshot.share} />}
          </ScreenTile>
        )}
        {kind !== 'share' && (
          <div ref={mainArea} className="tiles" style={columnsOf(grid)}>
            {main.map((participant, index) => (
              <Tile
                key={participant.id}
                participant={participant}
                height={grid.tileHeight}
                column={columnOf(index, main.length, grid.columns)}
                {...(self !== null && besideSelf(standingOf(index, main.length, grid, size.width, GAP)))}
              />
            ))}
          </div>
        )}
        {hasStrip && (
          <div className="strip">
            <div ref={stripArea} className="strip-tiles" role="group" aria-label={t('meeting.faces')}>
              {strip.map((participant) => (
                <Tile key={participant.id} participant={participant} className="small" />
              ))}
            </div>
            {facesPage.pages > 1 && <Pager {...facesPage} onPage={setStripPage} />}
          </div>
        )}
        {!hasStrip && mainPage.pages > 1 && <Pager {...mainPage} onPage={setGridPage} />}
        {self !== null && <FloatingSelf self={self} />}
        {kind === 'alone' && <Invitation code={snapshot.meeting?.code ?? ''} />}
      </section>
    </TileMenus>
  );
}

/** Which page is turned to: the first one again with each new `subject`. */
function usePageOf(subject: string): [number, (page: number) => void] {
  const [turned, setTurned] = useState({ subject, page: 0 });
  if (turned.subject !== subject) setTurned({ subject, page: 0 });
  return [
    turned.subject === subject ? turned.page : 0,
    (page) => {
      setTurned({ subject, page });
    },
  ];
}

/** Two of the grid's half columns for each tile, so that a last row that is not full can be centred. */
function columnsOf({ columns, tileWidth }: { columns: number; tileWidth: number }): CSSProperties {
  const half = Math.max(0, (tileWidth - GAP) / 2);
  return { gridTemplateColumns: `repeat(${String(columns * 2)}, ${String(half)}px)` };
}

function columnOf(index: number, count: number, columns: number): string {
  const inLastRow = count % columns;
  const isFirstOfLastRow = inLastRow !== 0 && index === count - inLastRow;
  const start = isFirstOfLastRow ? columns - inLastRow + 1 : null;
  return start === null ? 'span 2' : `${String(start)} / span 2`;
}

/** What oneself is over in a corner makes room there: stage.css. */
function besideSelf({ corners, aside }: ReturnType<typeof standingOf>): { className: string; aside: number } {
  return { className: corners.map((corner) => `at-${corner}`).join(' '), aside };
}

function Invitation({ code }: { readonly code: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <aside className="invitation">
      <h2>{t('meeting.aloneTitle')}</h2>
      <p>{t('meeting.aloneText')}</p>
      <code>{code}</code>
      <CopyLink code={code} isPrimary />
    </aside>
  );
}
