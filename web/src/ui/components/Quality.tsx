import type { ReactNode } from 'react';
import { Button, Tooltip, TooltipTrigger } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { ParticipantSnapshot } from '../../meeting/index.ts';
import { BARS, type LinkState } from '../linkState.ts';
import { LIVE } from '../live/words.ts';
import { useLink } from '../useLinks.ts';

interface QualityProps {
  readonly participant: ParticipantSnapshot;
  /** Over a picture nothing is said while all is well, or nothing is known. */
  readonly isQuiet?: boolean;
}

/** How good somebody's link is in bars, and why in words. */
export function Quality({ participant, isQuiet = false }: QualityProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const state = useLink(participant);
  const { isSelf, displayName } = participant;
  // What the server lacks is said of nobody's link but in the place where one looks for one's own.
  const reason =
    isSelf || state === 'node'
      ? t(`quality.own.${state}`)
      : t(`quality.other.${state}`, { name: displayName });
  if (state === 'good' || state === 'unknown') {
    if (isQuiet) return null;
    return (
      <span className={`quality ${state}`} role="img" aria-label={reason} title={reason}>
        <Bars state={state} />
      </span>
    );
  }
  return (
    <TooltipTrigger delay={200} closeDelay={80}>
      <Button className={`quality ${state}`} aria-label={reason}>
        <Bars state={state} />
      </Button>
      <Tooltip className="tooltip" offset={6}>
        {reason}
      </Tooltip>
    </TooltipTrigger>
  );
}

/** Of four; those that are missing are there as shadows, so that few are seen to be few. */
function Bars({ state }: { readonly state: LinkState }): ReactNode {
  // A sign takes the place of the first two.
  const isSign = BARS[state] === 0;
  return (
    <svg viewBox="0 0 18 14" fill="currentColor" aria-hidden data-bars={BARS[state]}>
      {[4, 7, 10, 14].map((height, index) => (
        <rect
          key={height}
          x={index * 5}
          y={14 - height}
          width={3}
          height={height}
          rx={1}
          opacity={index < BARS[state] ? 1 : isSign && index < 2 ? 0 : 0.35}
        />
      ))}
      {state === 'lost' && <path d="M1 1 L9 9 M9 1 L1 9" stroke="currentColor" strokeWidth={2} />}
      {state === 'unknown' && (
        <text x={4} y={13} fontSize={14} fontWeight={700} textAnchor="middle">
          ?
        </text>
      )}
    </svg>
  );
}
