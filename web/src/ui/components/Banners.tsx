import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, MeetingSnapshot } from '../../meeting/index.ts';
import { LIVE } from '../live/words.ts';
import { useSession } from '../session.ts';
import { useNotes } from '../useNotes.ts';
import { AskingBanner } from './AskingBanner.tsx';
import { NetworkBanners, ownPause } from './NetworkBanners.tsx';
import { useToasts, type Toast } from './toasts.ts';

interface BannersProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
  /** Heard only while the space bar is held. */
  readonly isTalking: boolean;
  /** How many people wait at the door, as hosts see it. */
  readonly waiting: number;
  /** What else wants attention. */
  readonly children?: ReactNode;
}

/** What needs attention now: the connection, held-back sound, and notes that pass. */
export function Banners({ meeting, snapshot, isTalking, waiting, children }: BannersProps): ReactNode {
  const { t } = useTranslation();
  const { t: live } = useTranslation(LIVE);
  const { toasts } = useToasts();
  useNotes(meeting);
  const loud = toasts.filter(({ isQuiet }) => !isQuiet);
  const quiet = toasts.filter(({ isQuiet }) => isQuiet);
  const quality = snapshot.self?.connectionQuality;
  return (
    <div className="banners">
      <div className="banner-list" aria-live="polite">
        {snapshot.state.kind === 'reconnecting' && <Reconnecting since={snapshot.state.since} />}
        {snapshot.audioPlayback === 'blocked' && (
          <AskingBanner
            text={t('meeting.audioBlocked')}
            yes={{ label: t('meeting.playAudio'), onPress: () => void meeting.resumeAudio() }}
          />
        )}
        {(quality === 'downlink' || (quality === 'uplink' && ownPause(snapshot) === null)) && (
          <p className="banner">{live(`quality.own.${quality}`)}</p>
        )}
        <NetworkBanners snapshot={snapshot} />
        {isTalking && <p className="banner toast">{t('meeting.talking')}</p>}
        <WaitingNote waiting={waiting} />
        {children}
        <Toasts toasts={loud} />
      </div>
      <Toasts toasts={quiet} />
    </div>
  );
}

function Toasts({ toasts }: { readonly toasts: readonly Toast[] }): ReactNode {
  return toasts.map(({ id, text }) => (
    <p key={id} className="banner toast" dir="auto">
      {text}
    </p>
  ));
}

function WaitingNote({ waiting }: { readonly waiting: number }): ReactNode {
  const { t } = useTranslation();
  const { panel, togglePanel } = useSession();
  if (waiting === 0 || panel === 'people') return null;
  return (
    <AskingBanner
      text={t('people.waiting', { count: waiting })}
      yes={{
        label: t('people.see'),
        onPress: () => {
          togglePanel('people');
        },
      }}
    />
  );
}

function Reconnecting({ since }: { readonly since: number }): ReactNode {
  const { t } = useTranslation();
  const seconds = Math.max(0, Math.round((useNow() - since) / 1_000));
  return (
    <div className="banner warn">
      <span className="spinner small" aria-hidden />
      <p role="alert">{t(navigator.onLine ? 'meeting.reconnecting' : 'meeting.offline')}</p>
      <span className="elapsed" dir="auto" aria-hidden>
        {t('meeting.seconds', { count: seconds })}
      </span>
    </div>
  );
}

/** The time, told again each second. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 1_000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return now;
}
