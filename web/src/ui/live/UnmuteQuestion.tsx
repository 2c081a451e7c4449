/** A host would like to hear one: what one makes of it is up to oneself. */
import { Mic } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import {
  mayPublish,
  type LocalMediaClient,
  type MeetingClient,
  type MeetingSnapshot,
} from '../../meeting/index.ts';
import { AskingBanner } from '../components/AskingBanner.tsx';
import { useSession } from '../session.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { LIVE } from './words.ts';

interface UnmuteQuestionProps {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
  readonly snapshot: MeetingSnapshot;
}

export function UnmuteQuestion({ meeting, media, snapshot }: UnmuteQuestionProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const { microphone } = useSnapshot(media);
  const isMuted = useSession(({ microphoneMuted }) => microphoneMuted);
  const setMuted = useSession(({ setMicrophoneMuted }) => setMicrophoneMuted);
  const [askedBy, setAskedBy] = useState<string | null>(null);
  useEffect(
    () =>
      meeting.on('unmuteAsked', ({ by }) => {
        setAskedBy(by);
      }),
    [meeting],
  );
  const host = snapshot.participants.find(({ id }) => id === askedBy);
  const isHeard = !isMuted && microphone.kind === 'live';
  const mayAnswer = snapshot.self === null || mayPublish(snapshot.self);
  // Who unmutes otherwise has answered, and a viewer cannot; nobody waits for an answer who is gone.
  if (askedBy !== null && (isHeard || host === undefined || !mayAnswer)) setAskedBy(null);
  if (host === undefined || isHeard || !mayAnswer) return null;
  return (
    <AskingBanner
      text={t('unmuteAsked', { name: host.displayName })}
      yes={{
        label: t('unmute'),
        icon: <Mic aria-hidden />,
        onPress: () => {
          setAskedBy(null);
          setMuted(false);
          if (microphone.kind !== 'live') void media.startMicrophone();
        },
      }}
      no={{
        label: t('stayMuted'),
        onPress: () => {
          setAskedBy(null);
        },
      }}
    />
  );
}
