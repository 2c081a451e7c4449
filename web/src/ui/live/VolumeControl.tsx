/** How loud one wants somebody, from silent to twice as loud as they are sent. */
import { Volume1, Volume2, VolumeX } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Button,
  Dialog,
  DialogTrigger,
  Label,
  Popover,
  Slider,
  SliderOutput,
  SliderThumb,
  SliderTrack,
} from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, ParticipantSnapshot } from '../../meeting/index.ts';
import { rememberVolume } from './volumes.ts';
import { LIVE } from './words.ts';

interface VolumeControlProps {
  readonly meeting: MeetingClient;
  readonly participant: ParticipantSnapshot;
}

export function VolumeControl({ meeting, participant }: VolumeControlProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const { displayName, volume } = participant;
  const label = t('volume', { name: displayName });
  return (
    <DialogTrigger>
      <Button className={`icon-button ${volume === 1 ? '' : 'changed'}`} aria-label={label}>
        <VolumeIcon volume={volume} />
      </Button>
      <Popover className="popover padded" placement="bottom end" offset={4}>
        <VolumeDialog meeting={meeting} participant={participant} />
      </Popover>
    </DialogTrigger>
  );
}

export function VolumeDialog({ meeting, participant }: VolumeControlProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const { id, displayName, volume } = participant;
  const label = t('volume', { name: displayName });
  const change = (next: number): void => {
    meeting.setParticipantVolume(id, next);
    rememberVolume(id, next);
  };
  return (
    <Dialog className="volume" aria-label={label}>
      <Slider
        value={Math.round(volume * 100)}
        minValue={0}
        maxValue={200}
        step={5}
        onChange={(percent) => {
          change(percent / 100);
        }}
      >
        <Label dir="auto">{label}</Label>
        <SliderOutput>{({ state }) => <bdi>{state.values[0] ?? 0} %</bdi>}</SliderOutput>
        <SliderTrack className="slider-track">
          <SliderThumb className="slider-thumb" />
        </SliderTrack>
      </Slider>
      <p className="volume-foot">
        <small>{t('volumeHint')}</small>
        <Button
          className="button"
          onPress={() => {
            change(1);
          }}
        >
          {t('volumeReset')}
        </Button>
      </p>
    </Dialog>
  );
}

export function VolumeIcon({ volume }: { readonly volume: number }): ReactNode {
  if (volume === 0) return <VolumeX aria-hidden />;
  return volume < 1 ? <Volume1 aria-hidden /> : <Volume2 aria-hidden />;
}
