/** The meeting in a small window: whoever speaks or shares, and what one needs most. */
import { Maximize2, Mic, MicOff, PhoneOff, Video as VideoOn, VideoOff } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type {
  LocalMediaClient,
  MeetingClient,
  MeetingSnapshot,
  ParticipantSnapshot,
} from '../../meeting/index.ts';
import { Tile } from '../components/Tile.tsx';
import { Video } from '../components/Video.tsx';
import { showToast } from '../components/toasts.ts';
import { otherSharer } from './LiveBanners.tsx';
import { useMayPublish } from '../useStanding.ts';
import { useOwnMedia } from './useOwnMedia.ts';
import { onPictureInPictureFailure, usePictureInPicture } from './pictureInPicture.ts';
import { LIVE } from './words.ts';

interface SmallWindowProps {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
  readonly snapshot: MeetingSnapshot;
}

export function SmallWindow({ meeting, media, snapshot }: SmallWindowProps): ReactNode {
  const { window: opened, close } = usePictureInPicture();
  useOfferedWindow();
  useWindowControls(meeting, media);
  useEffect(() => close, [close]);
  if (opened === null) return null;
  return createPortal(
    <Small meeting={meeting} media={media} snapshot={snapshot} onClose={close} />,
    opened.document.body,
  );
}

function Small(props: SmallWindowProps & { readonly onClose: () => void }): ReactNode {
  const { meeting, media, snapshot, onClose } = props;
  const { t } = useTranslation(LIVE);
  const { t: common } = useTranslation();
  const { isHeard, isSeen, toggleMicrophone, toggleCamera } = useOwnMedia(media);
  const mayPublish = useMayPublish(meeting);
  const shown = personInSmall(snapshot);
  const sharer = otherSharer(snapshot.participants);
  const screen = sharer?.tracks.screen?.mediaStreamTrack ?? null;
  return (
    <main className="small-window" aria-label={t('pip.title')}>
      <div className="small-stage">
        {sharer !== null && screen !== null ? (
          <Video track={screen} label={common('meeting.screenOf', { name: sharer.displayName })} />
        ) : shown === null ? (
          <p>{t('pip.nobody')}</p>
        ) : (
          <Tile participant={shown} isPinnable={false} />
        )}
      </div>
      <div className="toolbar">
        {mayPublish && (
          <>
            <SmallButton
              label={common(isHeard ? 'devices.turnMicrophoneOff' : 'devices.turnMicrophoneOn')}
              icon={isHeard ? <Mic aria-hidden /> : <MicOff aria-hidden />}
              className={isHeard ? '' : 'off'}
              onPress={toggleMicrophone}
            />
            <SmallButton
              label={common(isSeen ? 'devices.turnCameraOff' : 'devices.turnCameraOn')}
              icon={isSeen ? <VideoOn aria-hidden /> : <VideoOff aria-hidden />}
              className={isSeen ? '' : 'off'}
              onPress={toggleCamera}
            />
          </>
        )}
        <SmallButton label={t('pip.close')} icon={<Maximize2 aria-hidden />} onPress={onClose} />
        <SmallButton
          label={common('meeting.leave')}
          icon={<PhoneOff aria-hidden />}
          className="leave"
          onPress={() => void meeting.leave()}
        />
      </div>
    </main>
  );
}

interface SmallButtonProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly onPress: () => void;
  readonly className?: string;
}

/** Tooltips would open in the window of the page. */
function SmallButton({ label, icon, onPress, className = '' }: SmallButtonProps): ReactNode {
  return (
    <Button className={`control ${className}`} aria-label={label} onPress={onPress}>
      {icon}
    </Button>
  );
}

/** Whoever spoke last, else the first of the others, else oneself. */
export function personInSmall({
  participants,
  activeSpeaker,
  self,
}: MeetingSnapshot): ParticipantSnapshot | null {
  const others = participants.filter(({ isSelf }) => !isSelf);
  return others.find(({ id }) => id === activeSpeaker) ?? others[0] ?? self;
}

/** Browsers offer the small window when one goes to another tab during a call. */
function useOfferedWindow(): void {
  const { t } = useTranslation(LIVE);
  const open = usePictureInPicture((small) => small.open);
  useEffect(() => {
    onPictureInPictureFailure(() => {
      showToast(t('pip.failed'));
    });
    // Chromium since 120: https://developer.chrome.com/blog/automatic-picture-in-picture
    return handle('enterpictureinpicture' as MediaSessionAction, () => {
      // The browser asks whether it may: a no is a no.
      open().catch(() => undefined);
    });
  }, [open, t]);
}

/** What the browser's own small window, headsets and lock screens have buttons for. */
function useWindowControls(meeting: MeetingClient, media: LocalMediaClient): void {
  const { isHeard, isSeen, toggleMicrophone, toggleCamera } = useOwnMedia(media);
  const mayPublish = useMayPublish(meeting);
  useEffect(() => {
    const session = (navigator as { readonly mediaSession?: MediaSession }).mediaSession;
    // Chromium 98 and Safari 17 know these, Firefox does not.
    tryTo(() => session?.setMicrophoneActive(isHeard));
    tryTo(() => session?.setCameraActive(isSeen));
    const ends = [
      ...(mayPublish
        ? [
            handle('togglemicrophone' as MediaSessionAction, toggleMicrophone),
            handle('togglecamera' as MediaSessionAction, toggleCamera),
          ]
        : []),
      handle('hangup' as MediaSessionAction, () => void meeting.leave()),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [meeting, mayPublish, isHeard, isSeen, toggleMicrophone, toggleCamera]);
}

/** An action that a browser does not know throws, and leaves nothing to undo. */
function handle(action: MediaSessionAction, act: () => void): () => void {
  const session = (navigator as { readonly mediaSession?: MediaSession }).mediaSession;
  const set = (handler: (() => void) | null): void => {
    tryTo(() => session?.setActionHandler(action, handler));
  };
  set(act);
  return () => {
    set(null);
  };
}

function tryTo(act: () => unknown): void {
  try {
    act();
  } catch {
    // Not known here.
  }
}
