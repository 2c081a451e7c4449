import { useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, MeetingSnapshot } from '../../meeting/index.ts';
import { showToast, useToasts } from './toasts.ts';

interface BannersProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
  /** Heard only while the space bar is held. */
  readonly isTalking: boolean;
}

/** What needs attention now: the connection, held-back sound, and notes that pass. */
export function Banners({ meeting, snapshot, isTalking }: BannersProps): ReactNode {
  const { t } = useTranslation();
  const { toasts } = useToasts();
  useNotes(meeting);
  const quality = snapshot.self?.connectionQuality;
  return (
    <div className="banners" aria-live="polite">
      {snapshot.state.kind === 'reconnecting' && <Reconnecting since={snapshot.state.since} />}
      {snapshot.audioPlayback === 'blocked' && (
        <p className="banner">
          {t('meeting.audioBlocked')}
          <Button className="button primary" onPress={() => void meeting.resumeAudio()}>
            {t('meeting.playAudio')}
          </Button>
        </p>
      )}
      {(quality === 'uplink' || quality === 'downlink') && (
        <p className="banner">{t(`quality.own.${quality}`)}</p>
      )}
      {isTalking && <p className="banner toast">{t('meeting.talking')}</p>}
      {toasts.map(({ id, text }) => (
        <p key={id} className="banner toast">
          {text}
        </p>
      ))}
    </div>
  );
}

function Reconnecting({ since }: { readonly since: number }): ReactNode {
  const { t } = useTranslation();
  const seconds = Math.max(0, Math.round((useNow() - since) / 1_000));
  return (
    <div className="banner warn">
      <span className="spinner small" aria-hidden />
      <p role="alert">{t(navigator.onLine ? 'meeting.reconnecting' : 'meeting.offline')}</p>
      <span className="elapsed" aria-hidden>
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

function useNotes(meeting: MeetingClient): void {
  const { t } = useTranslation();
  useEffect(() => {
    const nameOf = (id: string): string =>
      meeting.getSnapshot().participants.find((participant) => participant.id === id)?.displayName ?? '';
    const ends = [
      meeting.on('participantJoined', ({ displayName }) => {
        showToast(t('meeting.joined', { name: displayName }));
      }),
      meeting.on('participantLeft', ({ displayName }) => {
        showToast(t('meeting.left', { name: displayName }));
      }),
      meeting.on('mutedByOther', ({ by }) => {
        showToast(t('meeting.mutedByOther', { name: nameOf(by) }));
      }),
      meeting.on('refused', () => {
        showToast(t('meeting.refused'));
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [meeting, t]);
}
