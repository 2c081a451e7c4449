/** One's own microphone and camera as buttons elsewhere than in the toolbar show and switch them. */
import { useCallback } from 'react';
import type { LocalMediaClient } from '../../meeting/index.ts';
import { useSession } from '../session.ts';
import { useSnapshot } from '../useSnapshot.ts';

interface OwnMedia {
  readonly isHeard: boolean;
  readonly isSeen: boolean;
  readonly toggleMicrophone: () => void;
  readonly toggleCamera: () => void;
}

export function useOwnMedia(media: LocalMediaClient): OwnMedia {
  const { microphoneMuted, setMicrophoneMuted, setCameraWanted } = useSession();
  const { microphone, camera } = useSnapshot(media);
  const isLive = microphone.kind === 'live';
  const isHeard = isLive && !microphoneMuted;
  const isSeen = camera.kind === 'live';
  return {
    isHeard,
    isSeen,
    toggleMicrophone: useCallback(() => {
      setMicrophoneMuted(isHeard);
      if (!isLive) void media.startMicrophone();
    }, [media, isHeard, isLive, setMicrophoneMuted]),
    toggleCamera: useCallback(() => {
      setCameraWanted(!isSeen);
      if (isSeen) media.stopCamera();
      else void media.startCamera();
    }, [media, isSeen, setCameraWanted]),
  };
}
