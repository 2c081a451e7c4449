import { Mic, MicOff } from 'lucide-react';
import { useCallback, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LocalMediaClient } from '../../meeting/index.ts';
import { useSession } from '../session.ts';
import { useShortcut } from '../useShortcut.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { ControlButton } from './ControlButton.tsx';

/** The device stays open while muted, so that unmuting is instant; nothing is sent meanwhile. */
export function MicrophoneControl({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation();
  const { microphone } = useSnapshot(media);
  const { microphoneMuted, setMicrophoneMuted } = useSession();
  const isOff = microphoneMuted || microphone.kind !== 'live';
  const toggle = useCallback(() => {
    if (microphone.kind === 'live') setMicrophoneMuted(!microphoneMuted);
    else {
      setMicrophoneMuted(false);
      void media.startMicrophone();
    }
  }, [media, microphone.kind, microphoneMuted, setMicrophoneMuted]);
  useShortcut('microphone', toggle);
  return (
    <ControlButton
      label={t(isOff ? 'devices.turnMicrophoneOn' : 'devices.turnMicrophoneOff')}
      icon={isOff ? <MicOff aria-hidden /> : <Mic aria-hidden />}
      isOff={isOff}
      shortcut="microphone"
      onPress={toggle}
    />
  );
}
