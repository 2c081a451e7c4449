import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingSnapshot } from '../../meeting/index.ts';
import { LIVE } from '../live/words.ts';
import { pauseOf, type Pause } from '../pause.ts';
import { showToast } from './toasts.ts';

/** Names that fit into a line. */
const MOST_NAMES = 2;

/** What of the pictures is held back now, and why: said, so that nobody takes it for a fault of somebody else's camera. */
export function NetworkBanners({ snapshot }: { readonly snapshot: MeetingSnapshot }): ReactNode {
  const { t, i18n } = useTranslation();
  const { t: live } = useTranslation(LIVE);
  const { participants, adaptation, state } = snapshot;
  const { reason, isSaving } = adaptation;
  // What may last for the rest of the meeting is said once: a banner over somebody's face for so long helps nobody.
  useEffect(() => {
    if (reason === 'cpu') showToast(t('network.busy'));
  }, [reason, t]);
  // Whoever wants the battery spared is told that it is, also where a busy device holds back more than that.
  useEffect(() => {
    if (isSaving) showToast(t('network.saving'));
  }, [isSaving, t]);
  const own = ownPause(snapshot);
  const pausedFor = (pause: Pause) =>
    participants.filter((one) =>
      [one.tracks.camera, one.tracks.screen].some((track) => pauseOf(one, track) === pause),
    );
  const paused = pausedFor('receiver');
  if (state.kind === 'reconnecting') return null;
  const names = new Intl.ListFormat(i18n.language).format(paused.map(({ displayName }) => displayName));
  return (
    <>
      {own !== null && <p className="banner">{t(`pause.told.${own}`)}</p>}
      {paused.length > 0 && (
        <p className="banner" dir="auto">
          {paused.length <= MOST_NAMES ? t('network.pausedOne', { names }) : t('network.pausedMany')}
        </p>
      )}
      {snapshot.self?.connectionQuality === 'node' && pausedFor('node').length === 0 && (
        <p className="banner">{live('quality.own.node')}</p>
      )}
      {pausedFor('node').length > 0 && <p className="banner">{t('network.pausedByNode')}</p>}
    </>
  );
}

/** Which of one's own pictures are not sent now, so that one is heard. */
export function ownPause({ self }: MeetingSnapshot): 'camera' | 'screen' | 'both' | null {
  if (self === null) return null;
  const [camera, screen] = (['camera', 'screen'] as const).map(
    (source) => pauseOf(self, self.tracks[source]) !== null,
  );
  if (camera === true && screen === true) return 'both';
  return camera === true ? 'camera' : screen === true ? 'screen' : null;
}
