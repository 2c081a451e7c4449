/** Everyone who fits, and the shared screen. Tells the meeting what is visible, so that nothing else is sent. */
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type {
  MeetingClient,
  MeetingSnapshot,
  ParticipantSnapshot,
  VisibleTrack,
} from '../../meeting/index.ts';
import { layOutGrid, paginate } from '../layout.ts';
import { CopyLink } from './CopyLink.tsx';
import { Pager } from './Pager.tsx';
import { ScreenTile } from './ScreenTile.tsx';
import { Tile } from './Tile.tsx';

const GAP = 12;
/** A strip beside a shared screen shows faces, not details. */
const STRIP_HEIGHT = 180;
const SCREEN_HEIGHT = 1080;

interface StageProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
}

export function Stage({ meeting, snapshot }: StageProps): ReactNode {
  const { t } = useTranslation();
  const area = useRef<HTMLDivElement>(null);
  const size = useSize(area);
  const { self } = snapshot;
  const [wantedPage, setWantedPage] = useState(0);
  const others = useMemo(
    () => snapshot.participants.filter(({ isSelf }) => !isSelf),
    [snapshot.participants],
  );
  const sharer = snapshot.participants.find(({ tracks }) => tracks.screen !== undefined) ?? null;
  // With one other person, one's own picture floats in a corner and the other one has the stage.
  const isDuo = others.length === 1 && sharer === null;
  const isAlone = others.length === 0 && sharer === null;
  const arrangement = sharer !== null ? 'sharing' : isAlone ? 'alone' : '';
  const all = isDuo || self === null ? others : [self, ...others];
  const { items: shown, page, pages } = paginate(presenterFirst(all, sharer), wantedPage, size.width);
  const grid = layOutGrid(shown.length, size.width, size.height, GAP);
  const height = sharer === null ? grid.tileHeight : STRIP_HEIGHT;

  useVisible(meeting, sharer, shown, height);

  return (
    <section className={`stage ${arrangement}`} aria-label={t('meeting.stage')}>
      {sharer !== null && <ScreenTile sharer={sharer} />}
      <div
        ref={area}
        className="tiles"
        // A strip that scrolls has to be reached by the keyboard too.
        {...(sharer === null ? {} : { tabIndex: 0, role: 'group', 'aria-label': t('meeting.faces') })}
        style={
          sharer === null
            ? {
                gridTemplateColumns: `repeat(${String(grid.columns * 2)}, ${String((grid.tileWidth - GAP) / 2)}px)`,
              }
            : {}
        }
      >
        {shown.map((participant, index) => (
          <Tile
            key={participant.id}
            participant={participant}
            style={sharer === null ? placeOf(index, shown.length, grid.columns, grid.tileHeight) : {}}
          />
        ))}
      </div>
      {pages > 1 && <Pager page={page} pages={pages} onPage={setWantedPage} />}
      {isDuo && self !== null && <Tile participant={self} className="floating" />}
      {isAlone && <Invitation code={snapshot.meeting?.code ?? ''} />}
    </section>
  );
}

/** Beside a shared screen, the face that belongs to it comes first. */
function presenterFirst(
  participants: readonly ParticipantSnapshot[],
  sharer: ParticipantSnapshot | null,
): readonly ParticipantSnapshot[] {
  return sharer === null ? participants : [sharer, ...participants.filter(({ id }) => id !== sharer.id)];
}

/** Each tile spans two of the grid's half columns, so that a last row that is not full can be centred. */
function placeOf(index: number, count: number, columns: number, height: number): React.CSSProperties {
  const inLastRow = count % columns;
  const isFirstOfLastRow = inLastRow !== 0 && index === count - inLastRow;
  const start = isFirstOfLastRow ? columns - inLastRow + 1 : null;
  return { height, gridColumn: start === null ? 'span 2' : `${String(start)} / span 2` };
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

function useVisible(
  meeting: MeetingClient,
  sharer: ParticipantSnapshot | null,
  shown: readonly ParticipantSnapshot[],
  height: number,
): void {
  useEffect(() => {
    const pixels = Math.max(1, Math.round(height * devicePixelRatio));
    const screen = sharer?.isSelf === false ? sharer.tracks.screen : undefined;
    const faces = shown.flatMap(({ isSelf, isSpeaking, tracks }): VisibleTrack[] =>
      isSelf || tracks.camera === undefined || tracks.camera.muted
        ? []
        : [{ track: tracks.camera.id, maxHeight: pixels, priority: isSpeaking ? 1 : 0 }],
    );
    meeting.setVisible([
      ...(screen === undefined ? [] : [{ track: screen.id, maxHeight: SCREEN_HEIGHT, priority: 2 }]),
      ...faces,
    ]);
  });
}

function useSize(element: React.RefObject<HTMLElement | null>): {
  readonly width: number;
  readonly height: number;
} {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const watched = element.current;
    if (watched === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(watched);
    return () => {
      observer.disconnect();
    };
  }, [element]);
  return size;
}
