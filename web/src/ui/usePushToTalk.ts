/** Muted, but heard for as long as the space bar is held. */
import { useCallback, useState } from 'react';
import type { LocalMediaClient } from '../meeting/index.ts';
import { useSession } from './session.ts';
import { useHeldSpace } from './useShortcut.ts';
import { useSnapshot } from './useSnapshot.ts';

/** Whether one talks that way now. */
export function usePushToTalk(media: LocalMediaClient): boolean {
  const { microphone } = useSnapshot(media);
  const isMuted = useSession(({ microphoneMuted }) => microphoneMuted);
  const setMuted = useSession(({ setMicrophoneMuted }) => setMicrophoneMuted);
  const [isTalking, setTalking] = useState(false);
  const begin = useCallback(() => {
    setTalking(true);
    setMuted(false);
  }, [setMuted]);
  const end = useCallback(() => {
    setTalking(false);
    setMuted(true);
  }, [setMuted]);
  useHeldSpace(microphone.kind === 'live' && (isMuted || isTalking), begin, end);
  return isTalking;
}
