/** What wants an answer now: speaking while muted, and whose turn it is to share. */
import { Mic, MonitorUp } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import {
  mayModerate,
  type LocalMediaClient,
  type MeetingClient,
  type MeetingSnapshot,
  type ParticipantSnapshot,
} from '../../meeting/index.ts';
import { AskingBanner } from '../components/AskingBanner.tsx';
import { showToast } from '../components/toasts.ts';
import { useSession } from '../session.ts';
import { useArrivals } from './useArrivals.ts';
import { useMutedHint } from './useMutedHint.ts';
import { useShare } from './useShare.ts';
import { useShareWish } from './shareWish.ts';
import { UnmuteQuestion } from './UnmuteQuestion.tsx';
import { LIVE } from './words.ts';

interface LiveBannersProps {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
  readonly snapshot: MeetingSnapshot;
}

export function LiveBanners({ meeting, media, snapshot }: LiveBannersProps): ReactNode {
  useShareNotes(meeting);
  const { kind } = snapshot.state;
  const isIn = kind === 'connected' || kind === 'reconnecting';
  return (
    <>
      <MutedHint media={media} />
      <UnmuteQuestion meeting={meeting} media={media} snapshot={snapshot} />
      <NewDevices media={media} isIn={isIn} />
      <ShareRequests meeting={meeting} snapshot={snapshot} />
      <ShareQuestion meeting={meeting} snapshot={snapshot} />
      <ShareTurn meeting={meeting} snapshot={snapshot} />
    </>
  );
}

function MutedHint({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation(LIVE);
  const { isShown, dismiss } = useMutedHint(media);
  const setMuted = useSession(({ setMicrophoneMuted }) => setMicrophoneMuted);
  if (!isShown) return null;
  return (
    <AskingBanner
      text={t('mutedHint')}
      yes={{
        label: t('unmute'),
        icon: <Mic aria-hidden />,
        onPress: () => {
          setMuted(false);
        },
      }}
      no={{ label: t('dismiss'), onPress: dismiss }}
    />
  );
}

function NewDevices({
  media,
  isIn,
}: {
  readonly media: LocalMediaClient;
  readonly isIn: boolean;
}): ReactNode {
  const { t } = useTranslation(LIVE);
  const { offered, use: choose, dismiss } = useArrivals(media, isIn);
  return offered.map((arrival) => (
    <AskingBanner
      key={arrival.microphone ?? arrival.camera ?? arrival.speaker}
      text={t('device.arrived', { label: arrival.label })}
      yes={{
        label: t('device.use'),
        onPress: () => {
          choose(arrival);
        },
      }}
      no={{
        label: t('notNow'),
        onPress: () => {
          dismiss(arrival);
        },
      }}
    />
  ));
}

interface ShareProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
}

/** For whoever shares, and for hosts. */
function ShareRequests({ meeting, snapshot }: ShareProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const { participants, shareRequests } = snapshot;
  return participants
    .filter(({ id }) => shareRequests.includes(id))
    .map(({ id, displayName }) => (
      <AskingBanner
        key={id}
        text={t('wantsToShare', { name: displayName })}
        yes={{
          label: t('allow'),
          onPress: () => {
            meeting.sharing.answer(id, true);
          },
        }}
        no={{
          label: t('notNow'),
          onPress: () => {
            meeting.sharing.answer(id, false);
          },
        }}
      />
    ));
}

/** One wants to share while somebody else does. */
function ShareQuestion({ meeting, snapshot }: ShareProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const { isAsking, setAsking } = useShareWish();
  const share = useShare(meeting);
  const { self, participants } = snapshot;
  const sharer = otherSharer(participants);
  if (!isAsking || sharer === null) return null;
  const mayTake = self !== null && mayModerate(self, sharer);
  return (
    <AskingBanner
      text={t(mayTake ? 'takeOverText' : 'askText', { name: sharer.displayName })}
      yes={{
        label: t(mayTake ? 'takeOver' : 'ask'),
        autoFocus: true,
        onPress: () => {
          setAsking(false);
          if (mayTake) share({ takeOver: true });
          else meeting.sharing.ask();
        },
      }}
      no={{
        label: t('notNow'),
        onPress: () => {
          setAsking(false);
        },
      }}
    />
  );
}

/** How one's own question stands. Browsers open their dialog for a click only: a yes cannot share by itself. */
function ShareTurn({ meeting, snapshot }: ShareProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const share = useShare(meeting);
  const { shareTurn } = snapshot;
  if (shareTurn === 'none') return null;
  const isAllowed = shareTurn === 'allowed';
  return (
    <AskingBanner
      text={t(isAllowed ? 'allowed' : 'asked')}
      yes={isAllowed ? { label: t('shareNow'), icon: <MonitorUp aria-hidden />, onPress: share } : undefined}
      no={{
        label: t(isAllowed ? 'notNow' : 'withdraw'),
        onPress: () => {
          meeting.sharing.giveUpTurn();
        },
      }}
    />
  );
}

function useShareNotes(meeting: MeetingClient): void {
  const { t } = useTranslation(LIVE);
  useEffect(() => {
    const ends = [
      meeting.on('shareAnswered', ({ allowed, by }) => {
        if (allowed) return;
        const name = meeting.getSnapshot().participants.find(({ id }) => id === by)?.displayName;
        showToast(name === undefined ? t('refusedUnnamed') : t('refused', { name }));
      }),
      meeting.on('shareStopped', ({ reason }) => {
        // Who ended it is said with `mutedByOther`.
        if (reason !== 'ended_by_host') showToast(t(`shareEnded.${reason}`));
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [meeting, t]);
}

/** A screen that was muted by a host is on its way out. */
export function otherSharer(participants: readonly ParticipantSnapshot[]): ParticipantSnapshot | null {
  return participants.find(({ isSelf, tracks }) => !isSelf && tracks.screen?.muted === false) ?? null;
}
