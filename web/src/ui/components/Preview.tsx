import { TriangleAlert } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { browserFamily, isMirror, type CaptureState, type LocalMediaClient } from '../../meeting/index.ts';
import { useSession } from '../session.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { Avatar } from './Avatar.tsx';
import { CameraControl } from './CameraControl.tsx';
import { LevelBar } from './LevelBar.tsx';
import { MicrophoneControl } from './MicrophoneControl.tsx';
import { Video } from './Video.tsx';

interface PreviewProps {
  readonly media: LocalMediaClient;
  readonly name: string;
}

/** How others will see and hear you, and what is wrong with the devices, if anything. */
export const Preview = memo(function Preview({ media, name }: PreviewProps): ReactNode {
  const { t } = useTranslation();
  const { microphone, camera, microphoneSignal } = useSnapshot(media);
  const { microphoneMuted } = useSession();
  return (
    <section className="preview" aria-label={t('join.preview')}>
      <div className="preview-picture">
        {camera.kind === 'live' ? (
          <Video track={camera.track} mirrored={isMirror(camera.track)} label={t('join.previewLabel')} />
        ) : (
          <div className="preview-empty">
            <Avatar id="preview" name={name.trim() === '' ? '?' : name} />
            <p>{t(camera.kind === 'starting' ? 'join.cameraStarting' : 'join.cameraOff')}</p>
          </div>
        )}
        <div className="preview-bar">
          <MicrophoneControl media={media} />
          <CameraControl media={media} />
          <LevelBar track={microphone.kind === 'live' && !microphoneMuted ? microphone.track : null} />
        </div>
      </div>
      <Problems media={media} microphone={microphone} camera={camera} />
      {microphoneSignal === 'silent' && (
        <div className="problem" role="alert">
          <TriangleAlert aria-hidden />
          <p>{t('door.silent')}</p>
        </div>
      )}
    </section>
  );
});

interface ProblemsProps {
  readonly media: LocalMediaClient;
  readonly microphone: CaptureState;
  readonly camera: CaptureState;
}

/** One note for both devices where they share the trouble. */
function Problems({ media, microphone, camera }: ProblemsProps): ReactNode {
  const retryMicrophone = (): void => void media.startMicrophone();
  const retryCamera = (): void => void media.startCamera();
  if (microphone.kind === 'failed' && camera.kind === 'failed' && microphone.error === camera.error) {
    const retryBoth = (): void => {
      retryMicrophone();
      retryCamera();
    };
    return <Problem state={camera} device="both" onRetry={retryBoth} />;
  }
  return (
    <>
      <Problem state={microphone} device="microphone" onRetry={retryMicrophone} />
      <Problem state={camera} device="camera" onRetry={retryCamera} />
    </>
  );
}

interface ProblemProps {
  readonly state: CaptureState;
  readonly device: 'microphone' | 'camera' | 'both';
  readonly onRetry: () => void;
}

function Problem({ state, device, onRetry }: ProblemProps): ReactNode {
  const { t } = useTranslation();
  if (state.kind !== 'failed') return null;
  return (
    <div className="problem" role="alert">
      <TriangleAlert aria-hidden />
      <p>
        {t(`capture.${state.error}`, { device: t(`capture.${device}`) })}{' '}
        {state.error === 'denied' && <Permission />}
        <span>{t('join.withoutDevices')}</span>
      </p>
      <Button className="button quiet" onPress={onRetry}>
        {t('capture.retry')}
      </Button>
    </div>
  );
}

/** Where to allow them, in the browser's own words; within another site that may be out of reach. */
function Permission(): ReactNode {
  const { t } = useTranslation();
  if (window.parent === window) return <span>{t(`permission.${browserFamily(navigator.userAgent)}`)} </span>;
  return (
    <span>
      {t('permission.framed')}{' '}
      <a href={location.href} target="_blank" rel="noopener noreferrer">
        {t('permission.ownTab')}
      </a>
      .{' '}
    </span>
  );
}
