/** Says what happened to microphone and camera by themselves: unplugged, back again, or gone without another one. */
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { CaptureState, LocalMediaClient } from '../../meeting/index.ts';
import { showToast } from '../components/toasts.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { LIVE } from './words.ts';

export function useDeviceNotes(media: LocalMediaClient): void {
  const { t } = useTranslation(LIVE);
  const { notice, microphone, camera } = useSnapshot(media);
  const told = useRef<number | null>(null);
  useEffect(() => {
    // What there was before is old: the page is made ahead, and its effects begin when it is shown.
    told.current ??= notice?.id ?? 0;
    if (notice === null || notice.id <= told.current) return;
    told.current = notice.id;
    showToast(t(`device.${notice.kind}`, { label: notice.label }));
  }, [notice, t]);
  useLoss(microphone, 'microphone');
  useLoss(camera, 'camera');
}

/** What failed while one was in the meeting, not what had never worked. What was on stopped; what was off did not start. */
function useLoss(state: CaptureState, source: 'microphone' | 'camera'): void {
  const { t } = useTranslation(LIVE);
  const { t: common } = useTranslation();
  const error = state.kind === 'failed' ? state.error : null;
  const before = useRef<typeof error | undefined>(undefined);
  const wasOn = useRef(false);
  useEffect(() => {
    if (state.kind !== 'starting' && state.kind !== 'failed') wasOn.current = state.kind === 'live';
  }, [state.kind]);
  useEffect(() => {
    const isNew = error !== null && before.current === null;
    before.current = error;
    if (!isNew) return;
    const reason = common(`capture.${error}`, { device: common(`capture.${source}`) });
    const lost = source === 'microphone' ? 'device.lostMicrophone' : 'device.lostCamera';
    showToast(wasOn.current ? t(lost, { reason }) : reason);
    wasOn.current = false;
  }, [error, source, t, common]);
}
