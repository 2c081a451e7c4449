import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { CaptureState, LocalMediaClient } from '../../meeting/index.ts';
import { useSession } from '../session.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { Avatar } from './Avatar.tsx';
import { CameraControl } from './CameraControl.tsx';
import { LevelBar } from './LevelBar.tsx';
import { MicrophoneControl } from './MicrophoneControl.tsx';
import { Video } from './Video.tsx';

/** How others will see and hear you, and what is wrong with the devices, if anything. */
export function Preview({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation();
  const { microphone, camera } = useSnapshot(media);
  const { displayName, microphoneMuted } = useSession();
  return (
    <section className="preview">
      <div className="preview-picture">
        {camera.kind === 'live' ? (
          <Video track={camera.track} mirrored label={t('join.previewLabel')} />
        ) : (
          <div className="preview-empty">
            <Avatar id="preview" name={displayName.trim() === '' ? '?' : displayName} />
            <p>{t(camera.kind === 'starting' ? 'join.cameraStarting' : 'join.cameraOff')}</p>
          </div>
        )}
        <div className="preview-bar">
          <MicrophoneControl media={media} />
          <CameraControl media={media} />
          <LevelBar track={microphone.kind === 'live' && !microphoneMuted ? microphone.track : null} />
        </div>
      </div>
      <Problem state={microphone} device="microphone" onRetry={() => void media.startMicrophone()} />
      <Problem state={camera} device="camera" onRetry={() => void media.startCamera()} />
    </section>
  );
}

interface ProblemProps {
  readonly state: CaptureState;
  readonly device: 'microphone' | 'camera';
  readonly onRetry: () => void;
}

function Problem({ state, device, onRetry }: ProblemProps): ReactNode {
  const { t } = useTranslation();
  if (state.kind !== 'failed') return null;
  const name = t(`devices.${device}`).toLocaleLowerCase();
  return (
    <div className="problem" role="alert">
      <TriangleAlert aria-hidden />
      <p>
        {t(`capture.${state.error}`, { device: name })} <span>{t('join.withoutDevices')}</span>
      </p>
      <Button className="button quiet" onPress={onRetry}>
        {t('capture.retry')}
      </Button>
    </div>
  );
}
