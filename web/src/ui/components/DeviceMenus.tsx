/** The small arrows beside microphone and camera: which device, and where the sound goes. */
import { ChevronUp, Mic, Video, Volume2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { LocalMediaClient } from '../../meeting/index.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { ControlButton } from './ControlButton.tsx';
import { DevicePicker } from './DevicePicker.tsx';

interface DeviceMenuProps {
  readonly media: LocalMediaClient;
}

export function MicrophoneMenu({ media }: DeviceMenuProps): ReactNode {
  const { t } = useTranslation();
  const { microphones, speakers, canChooseSpeaker, chosen } = useSnapshot(media);
  return (
    <DeviceMenu label={t('devices.soundMenu')}>
      <DevicePicker
        label={t('devices.microphone')}
        icon={<Mic aria-hidden />}
        devices={microphones}
        chosen={chosen.microphone}
        onChoose={(id) => void media.chooseMicrophone(id)}
      />
      {canChooseSpeaker && (
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
    </DeviceMenu>
  );
}

export function CameraMenu({ media }: DeviceMenuProps): ReactNode {
  const { t } = useTranslation();
  const { cameras, chosen } = useSnapshot(media);
  return (
    <DeviceMenu label={t('devices.cameraMenu')}>
      <DevicePicker
        label={t('devices.camera')}
        icon={<Video aria-hidden />}
        devices={cameras}
        chosen={chosen.camera}
        onChoose={(id) => void media.chooseCamera(id)}
      />
    </DeviceMenu>
  );
}

function DeviceMenu({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <DialogTrigger>
      <ControlButton className="arrow wide-only" label={label} icon={<ChevronUp aria-hidden />} />
      <Popover className="popover padded" offset={14}>
        <Dialog aria-label={label} className="device-menu">
          {children}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
