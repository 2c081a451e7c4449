import { MonitorUp, MonitorX } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { MeetingError, type MeetingClient } from '../../meeting/index.ts';
import { ControlButton } from './ControlButton.tsx';
import { showToast } from './toasts.ts';

interface ShareControlProps {
  readonly meeting: MeetingClient;
  readonly isSharing: boolean;
}

export function ShareControl({ meeting, isSharing }: ShareControlProps): ReactNode {
  const { t } = useTranslation();
  const share = (): void => {
    if (isSharing) {
      meeting.stopShare();
      return;
    }
    meeting.shareScreen().catch((error: unknown) => {
      const isDenied = error instanceof MeetingError && error.code === 'share_denied';
      if (!isDenied) showToast(t('meeting.shareFailed'));
    });
  };
  return (
    <ControlButton
      className="wide-only"
      label={t(isSharing ? 'meeting.stopShare' : 'meeting.share')}
      icon={isSharing ? <MonitorX aria-hidden /> : <MonitorUp aria-hidden />}
      isActive={isSharing}
      onPress={share}
    />
  );
}
