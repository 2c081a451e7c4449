import { MonitorUp, MonitorX } from 'lucide-react';
import { useCallback, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { canShareScreen, type MeetingClient } from '../../meeting/index.ts';
import { otherSharer } from '../live/LiveBanners.tsx';
import { useShareWish } from '../live/shareWish.ts';
import { useShare } from '../live/useShare.ts';
import { useShortcut } from '../useShortcut.ts';
import { useSelected } from '../useSnapshot.ts';
import { ControlButton } from './ControlButton.tsx';

/** While somebody else shares, whoever presses is asked how to go on. */
export function ShareControl({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  const isSharing = useSelected(meeting, ({ self }) => self?.tracks.screen !== undefined);
  const share = useShare(meeting);
  const setAsking = useShareWish((wish) => wish.setAsking);
  const press = useCallback((): void => {
    if (!canShareScreen()) return;
    if (isSharing) meeting.stopShare();
    else if (otherSharer(meeting.getSnapshot().participants) !== null) setAsking(true);
    else share();
  }, [meeting, isSharing, share, setAsking]);
  useShortcut('share', press);
  if (!canShareScreen()) return null;
  return (
    <ControlButton
      className="wide-only"
      label={t(isSharing ? 'meeting.stopShare' : 'meeting.share')}
      icon={isSharing ? <MonitorX aria-hidden /> : <MonitorUp aria-hidden />}
      isActive={isSharing}
      shortcut="share"
      onPress={press}
    />
  );
}
