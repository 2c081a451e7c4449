import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingSnapshot } from '../../meeting/index.ts';
import { showToast } from './toasts.ts';

/** Names that fit into a line. */
const MOST_NAMES = 2;

/** What of the pictures is held back now, and why: said, so that nobody takes it for a fault of somebody else's camera. */
export function NetworkBanners({ snapshot }: { readonly snapshot: MeetingSnapshot }): ReactNode {
  const { t, i18n } = useTranslation();
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
  const paused = participants.filter(({ tracks }) =>
    [tracks.camera, tracks.screen].some((track) => track?.isPaused === true),
  );
  if (state.kind === 'reconnecting' || paused.length === 0) return null;
  const names = new Intl.ListFormat(i18n.language).format(paused.map(({ displayName }) => displayName));
  return (
    <p className="banner" dir="auto">
      {paused.length <= MOST_NAMES ? t('network.pausedOne', { names }) : t('network.pausedMany')}
    </p>
  );
}
