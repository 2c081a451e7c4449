/** Starts, takes over or replaces one's share, and says what went wrong. */
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { MeetingError, type MeetingClient, type ShareOptions } from '../../meeting/index.ts';
import { showToast } from '../components/toasts.ts';
import { useShareWish } from './shareWish.ts';

export function useShare(meeting: MeetingClient): (options?: ShareOptions) => void {
  const { t } = useTranslation();
  const setAsking = useShareWish((wish) => wish.setAsking);
  return useCallback(
    (options) => {
      meeting.shareScreen(options).catch((error: unknown) => {
        const code = error instanceof MeetingError ? error.code : null;
        // Somebody was quicker: the question is then whether they make room.
        if (code === 'share_taken') setAsking(true);
        else if (code !== 'share_denied') showToast(t('meeting.shareFailed'));
      });
    },
    [meeting, setAsking, t],
  );
}
