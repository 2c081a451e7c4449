import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { LevelMeter } from '../../meeting/index.ts';

interface LevelBarProps {
  readonly track: MediaStreamTrack | null;
  /** Default: the level of the microphone. */
  readonly label?: string;
}

/** Moves with the voice. Writes to the element itself: twenty renders a second would be for nothing. */
export function LevelBar({ track, label }: LevelBarProps): ReactNode {
  const { t } = useTranslation();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (track === null) return undefined;
    const bar = element.current;
    const meter = new LevelMeter(track);
    const unsubscribe = meter.subscribe((level) => {
      bar?.style.setProperty('--level', level.toFixed(2));
    });
    return () => {
      unsubscribe();
      meter.close();
      bar?.style.setProperty('--level', '0');
    };
  }, [track]);
  return (
    <div ref={element} className="level" role="img" aria-label={label ?? t('devices.level')}>
      <span />
    </div>
  );
}
