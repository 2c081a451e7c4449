/** One's own picture in a corner: dragged to another one, moved there by arrow keys or by a press, or hidden. */
import { EyeOff, Move } from 'lucide-react';
import { useRef, useState, type PointerEvent, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { ParticipantSnapshot } from '../../meeting/index.ts';
import { CORNERS, cornerAt, cornerBeyond } from '../arrange.ts';
import { useView } from '../view.ts';
import { Tile } from './Tile.tsx';

interface Drag {
  readonly x: number;
  readonly y: number;
  readonly byX: number;
  readonly byY: number;
}

export function FloatingSelf({ self }: { readonly self: ParticipantSnapshot }): ReactNode {
  const { t } = useTranslation();
  const { corner, setCorner, setSelfHidden } = useView();
  const element = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Drag | null>(null);

  const drop = (event: PointerEvent): void => {
    if (drag === null) return;
    setDrag(null);
    const stage = element.current?.offsetParent?.getBoundingClientRect();
    if (stage === undefined || Math.hypot(drag.byX, drag.byY) < A_PRESS) return;
    const point = { x: event.clientX - stage.left, y: event.clientY - stage.top };
    setCorner(cornerAt(point, stage, isRightToLeft(element.current)));
  };

  return (
    <div
      ref={element}
      className={`floating ${corner} ${drag === null ? '' : 'dragged'}`}
      style={drag === null ? {} : { translate: `${String(drag.byX)}px ${String(drag.byY)}px` }}
      onPointerDown={(event) => {
        if (event.target instanceof Element && event.target.closest('button') !== null) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ x: event.clientX, y: event.clientY, byX: 0, byY: 0 });
      }}
      onPointerMove={(event) => {
        if (drag !== null) setDrag({ ...drag, byX: event.clientX - drag.x, byY: event.clientY - drag.y });
      }}
      onPointerUp={drop}
      onPointerCancel={() => {
        setDrag(null);
      }}
    >
      <Tile participant={self} isPinnable={false} caption={t('meeting.self')} />
      <span className="tile-actions">
        <Button
          className="tile-action"
          aria-label={t('meeting.moveSelf')}
          onPress={() => {
            setCorner(CORNERS[(CORNERS.indexOf(corner) + 1) % CORNERS.length] ?? 'bottom-end');
          }}
          onKeyDown={(event) => {
            const next = cornerBeyond(corner, event.key, isRightToLeft(element.current));
            if (next === null) event.continuePropagation();
            else setCorner(next);
          }}
        >
          <Move aria-hidden />
        </Button>
        <Button
          className="tile-action"
          aria-label={t('meeting.hideSelf')}
          onPress={() => {
            setSelfHidden(true);
          }}
        >
          <EyeOff aria-hidden />
        </Button>
      </span>
    </div>
  );
}

/** In CSS pixels: a hand that presses is never quite still. */
const A_PRESS = 8;

function isRightToLeft(element: Element | null): boolean {
  return element !== null && getComputedStyle(element).direction === 'rtl';
}
