/** Where the film is, and a picture of where it would go. */
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { clockOf, cueAt, type Thumbnail } from './vtt.ts';
import { WORDS } from './words.ts';

interface SeekBarProps {
  readonly now: number;
  readonly end: number;
  readonly thumbnails: readonly Thumbnail[];
  readonly sprite: string | null;
  readonly onSeek: (seconds: number) => void;
}

export function SeekBar({ now, end, thumbnails, sprite, onSeek }: SeekBarProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [pointed, setPointed] = useState<number | null>(null);
  const picture = pointed === null || sprite === null ? null : cueAt(thumbnails, pointed);
  return (
    <div
      className="seek"
      onPointerMove={(event) => {
        const { left, width } = event.currentTarget.getBoundingClientRect();
        if (width > 0) setPointed(Math.min(1, Math.max(0, (event.clientX - left) / width)) * end);
      }}
      onPointerLeave={() => {
        setPointed(null);
      }}
    >
      {pointed !== null && end > 0 && (
        <div className="seek-preview" style={{ left: `${String((100 * pointed) / end)}%` }} aria-hidden>
          {picture !== null && (
            <div
              className="seek-picture"
              style={{
                width: picture.width,
                height: picture.height,
                backgroundImage: `url(${JSON.stringify(sprite)})`,
                backgroundPosition: `-${String(picture.x)}px -${String(picture.y)}px`,
              }}
            />
          )}
          {clockOf(pointed)}
        </div>
      )}
      <input
        type="range"
        min={0}
        max={end || 1}
        step={1}
        value={Math.min(now, end || 1)}
        aria-label={t('seek')}
        aria-valuetext={t('at', { now: clockOf(now), end: clockOf(end) })}
        onChange={(event) => {
          onSeek(Number(event.target.value));
        }}
      />
    </div>
  );
}
