import { MonitorUp, MonitorX } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingClient } from '../../meeting/index.ts';
import { useShareWish } from '../live/shareWish.ts';
import { useShare } from '../live/useShare.ts';
import { ControlButton } from './ControlButton.tsx';

interface ShareControlProps {
  readonly meeting: MeetingClient;
  readonly isSharing: boolean;
  /** Somebody else shares: whoever presses is asked how to go on. */
  readonly isTaken: boolean;
}

export function ShareControl({ meeting, isSharing, isTaken }: ShareControlProps): ReactNode {
  const { t } = useTranslation();
  const share = useShare(meeting);
  const setAsking = useShareWish((wish) => wish.setAsking);
  const press = (): void => {
    if (isSharing) meeting.stopShare();
    else if (isTaken) setAsking(true);
    else share();
  };
  return (
    <ControlButton
      className="wide-only"
      label={t(isSharing ? 'meeting.stopShare' : 'meeting.share')}
      icon={isSharing ? <MonitorX aria-hidden /> : <MonitorUp aria-hidden />}
      isActive={isSharing}
      onPress={press}
    />
  );
}
