import { useSyncExternalStore } from 'react';
import { showToast } from './components/toasts.ts';
import { useTranslation } from 'react-i18next';

interface FullScreen {
  readonly isSupported: boolean;
  readonly isOn: boolean;
  readonly toggle: () => void;
}

/** The whole page on the whole screen. iPhones know it for videos only. */
export function useFullScreen(): FullScreen {
  const { t } = useTranslation();
  const isOn = useSyncExternalStore(subscribe, () => document.fullscreenElement != null);
  return {
    isSupported: document.fullscreenEnabled,
    isOn,
    toggle: () => {
      const done = isOn ? document.exitFullscreen() : document.documentElement.requestFullscreen();
      done.catch(() => {
        showToast(t('more.fullScreenFailed'));
      });
    },
  };
}

function subscribe(listener: () => void): () => void {
  document.addEventListener('fullscreenchange', listener);
  return () => {
    document.removeEventListener('fullscreenchange', listener);
  };
}
