/** Muted, but heard for as long as the space bar is held. */
import { useEffect, useState } from 'react';
import { PushToTalk, type LocalMediaClient } from '../meeting/index.ts';
import { useSession } from './session.ts';
import { useHeldSpace } from './useHeldSpace.ts';
import { useSnapshot } from './useSnapshot.ts';

/** Whether one talks that way now. */
export function usePushToTalk(media: LocalMediaClient): boolean {
  const { microphone } = useSnapshot(media);
  const isMuted = useSession(({ microphoneMuted }) => microphoneMuted);
  const [isTalking, setTalking] = useState(false);
  const [talk] = useState(
    () =>
      new PushToTalk((muted) => {
        setTalking(!muted);
        // Not remembered: who reloads the page while talking is muted all the same.
        useSession.setState({ microphoneMuted: muted });
      }),
  );
  useEffect(
    () => () => {
      talk.close();
    },
    [talk],
  );
  useHeldSpace(microphone.kind === 'live' && (isMuted || isTalking), talk);
  return isTalking;
}
