import { Video, VideoOff } from 'lucide-react';
import { useCallback, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LocalMediaClient } from '../../meeting/index.ts';
import { useSession } from '../session.ts';
import { useShortcut } from '../useShortcut.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { ControlButton } from './ControlButton.tsx';

/** Off means that the device is closed and its light is out. */
export function CameraControl({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation();
  const { camera } = useSnapshot(media);
  const { setCameraWanted } = useSession();
  const isOn = camera.kind === 'live' || camera.kind === 'starting';
  const toggle = useCallback(() => {
    setCameraWanted(!isOn);
    if (isOn) media.stopCamera();
    else void media.startCamera();
  }, [isOn, media, setCameraWanted]);
  useShortcut('camera', toggle);
  return (
    <ControlButton
      label={t(isOn ? 'devices.turnCameraOff' : 'devices.turnCameraOn')}
      icon={isOn ? <Video aria-hidden /> : <VideoOff aria-hidden />}
      isOff={!isOn}
      shortcut="camera"
      onPress={toggle}
    />
  );
}
