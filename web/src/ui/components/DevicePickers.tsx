import { Mic, Video, Volume2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LocalMediaClient } from '../../meeting/index.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { DevicePicker } from './DevicePicker.tsx';

export function DevicePickers({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation();
  const { microphones, cameras, speakers, chosen } = useSnapshot(media);
  return (
    <div className="pickers" role="group" aria-label={t('devices.settings')}>
      <DevicePicker
        label={t('devices.microphone')}
        icon={<Mic aria-hidden />}
        devices={microphones}
        chosen={chosen.microphone}
        onChoose={(id) => void media.chooseMicrophone(id)}
      />
      <DevicePicker
        label={t('devices.camera')}
        icon={<Video aria-hidden />}
        devices={cameras}
        chosen={chosen.camera}
        onChoose={(id) => void media.chooseCamera(id)}
      />
      {speakers.length > 0 && (
        <DevicePicker
          label={t('devices.speaker')}
          icon={<Volume2 aria-hidden />}
          devices={speakers}
          chosen={chosen.speaker}
          onChoose={(id) => {
            media.chooseSpeaker(id);
          }}
        />
      )}
    </div>
  );
}
