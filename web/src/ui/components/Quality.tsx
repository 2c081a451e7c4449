import type { ReactNode } from 'react';
import { Button, Tooltip, TooltipTrigger } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { ParticipantSnapshot } from '../../meeting/index.ts';

/** Says nothing while all is well; else how bad it is in bars, and why in words. */
export function Quality({ participant }: { readonly participant: ParticipantSnapshot }): ReactNode {
  const { t } = useTranslation();
  const { connectionQuality, isSelf, displayName } = participant;
  if (connectionQuality === 'good' || connectionQuality === 'unknown') return null;
  // What the server lacks is said of nobody's link but in the place where one looks for one's own.
  const reason =
    isSelf || connectionQuality === 'node'
      ? t(`quality.own.${connectionQuality}`)
      : t(`quality.other.${connectionQuality}`, { name: displayName });
  return (
    <TooltipTrigger delay={200} closeDelay={80}>
      <Button className={`quality ${connectionQuality}`} aria-label={reason}>
        <Bars full={connectionQuality === 'lost' ? 0 : 2} />
      </Button>
      <Tooltip className="tooltip" offset={6}>
        {reason}
      </Tooltip>
    </TooltipTrigger>
  );
}

/** Of four; those that are missing are there as shadows, so that few are seen to be few. */
function Bars({ full }: { readonly full: number }): ReactNode {
  return (
    <svg viewBox="0 0 18 14" fill="currentColor" aria-hidden>
      {[4, 7, 10, 14].map((height, index) => (
        <rect
          key={height}
          x={index * 5}
          y={14 - height}
          width={3}
          height={height}
          rx={1}
          opacity={index < full ? 1 : 0.35}
        />
      ))}
    </svg>
  );
}
