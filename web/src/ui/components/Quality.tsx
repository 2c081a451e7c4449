import { SignalLow, SignalZero } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Tooltip, TooltipTrigger } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { ParticipantSnapshot } from '../../meeting/index.ts';

/** Says nothing while all is well; else how bad it is in bars, and why in words. */
export function Quality({ participant }: { readonly participant: ParticipantSnapshot }): ReactNode {
  const { t } = useTranslation();
  const { connectionQuality, isSelf, displayName } = participant;
  if (connectionQuality === 'good' || connectionQuality === 'unknown') return null;
  const whose = isSelf ? 'own' : 'other';
  const reason = t(`quality.${whose}.${connectionQuality}`, { name: displayName });
  return (
    <TooltipTrigger delay={200} closeDelay={80}>
      <Button className={`quality ${connectionQuality}`} aria-label={reason}>
        {connectionQuality === 'lost' ? <SignalZero aria-hidden /> : <SignalLow aria-hidden />}
      </Button>
      <Tooltip className="tooltip" offset={6}>
        {reason}
      </Tooltip>
    </TooltipTrigger>
  );
}
