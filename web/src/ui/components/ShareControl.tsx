import { MonitorUp, MonitorX } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingClient } from '../../meeting/index.ts';
import { otherSharer } from '../live/LiveBanners.tsx';
import { useShareWish } from '../live/shareWish.ts';
import { useShare } from '../live/useShare.ts';
import { useSelected } from '../useSnapshot.ts';
import { ControlButton } from './ControlButton.tsx';

/** While somebody else shares, whoever presses is asked how to go on. */
export function ShareControl({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  const isSharing = useSelected(meeting, ({ self }) => self?.tracks.screen !== undefined);
  const share = useShare(meeting);
  const setAsking = useShareWish((wish) => wish.setAsking);
  const press = (): void => {
    if (isSharing) meeting.stopShare();
    else if (otherSharer(meeting.getSnapshot().participants) !== null) setAsking(true);
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
