/** Whether one may be heard and seen. Who may no longer has the devices released; who may again switches them on. */
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { mayPublish, type LocalMediaClient, type MeetingClient } from '../meeting/index.ts';
import { showToast } from './components/toasts.ts';
import { useSelected } from './useSnapshot.ts';

export function useMayPublish(meeting: MeetingClient): boolean {
  return useSelected(meeting, ({ self }) => self === null || mayPublish(self));
}

export function useStanding(meeting: MeetingClient, media: LocalMediaClient): void {
  const { t } = useTranslation();
  const may = useMayPublish(meeting);
  const could = useRef(true);
  useEffect(() => {
    if (may === could.current) return;
    could.current = may;
    showToast(t(may ? 'meeting.mayPublish' : 'meeting.mayLookOn'));
    if (may) return;
    media.stopMicrophone();
    media.stopCamera();
    meeting.stopShare();
    void meeting.setMicrophone(null);
    void meeting.setCamera(null);
  }, [meeting, media, may, t]);
}
