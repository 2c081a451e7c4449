/** Whether to say that one speaks while muted: until one unmutes, waves it away, or has been silent for a while. */
import { useEffect, useState } from 'react';
import type { LocalMediaClient } from '../../meeting/index.ts';
import { useSession } from '../session.ts';
import { useSnapshot } from '../useSnapshot.ts';

/** Long enough to be read after the last word. */
export const HINT_MS = 4_000;

interface MutedHint {
  readonly isShown: boolean;
  readonly dismiss: () => void;
}

export function useMutedHint(media: LocalMediaClient): MutedHint {
  const { microphone, microphoneSignal } = useSnapshot(media);
  const isMuted = useSession(({ microphoneMuted }) => microphoneMuted) && microphone.kind === 'live';
  const speaks = isMuted && microphoneSignal === 'speaking';
  const [isRecent, setRecent] = useState(false);
  const [isDismissed, setDismissed] = useState(false);
  if (!isMuted && (isRecent || isDismissed)) {
    setRecent(false);
    setDismissed(false);
  }
  if (speaks && !isRecent) setRecent(true);
  useEffect(() => {
    if (speaks || !isRecent) return undefined;
    const timer = setTimeout(() => {
      setRecent(false);
    }, HINT_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [speaks, isRecent]);
  return {
    isShown: isMuted && isRecent && !isDismissed,
    dismiss: () => {
      setDismissed(true);
    },
  };
}
