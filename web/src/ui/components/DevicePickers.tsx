import { AudioLines, Mic, Video, Volume2 } from 'lucide-react';
import { memo, useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import {
  playTestSound,
  type DeviceInfo,
  type LocalMediaClient,
  type MicrophoneMode,
} from '../../meeting/index.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { DevicePicker } from './DevicePicker.tsx';
import { LevelBar } from './LevelBar.tsx';

export const DevicePickers = memo(function DevicePickers({
  media,
}: {
  readonly media: LocalMediaClient;
}): ReactNode {
  const { t } = useTranslation();
  const { microphones, cameras, speakers, canChooseSpeaker, chosen } = useSnapshot(media);
  return (
    <div className="pickers" role="group" aria-label={t('devices.settings')}>
      <MicrophonePicker media={media} microphones={microphones} chosen={chosen.microphone} />
      <DevicePicker
        label={t('devices.camera')}
        icon={<Video aria-hidden />}
        devices={cameras}
        chosen={chosen.camera}
        onChoose={(id) => void media.chooseCamera(id)}
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
      <ModePicker media={media} mode={chosen.microphoneMode} />
      <SpeakerTest media={media} />
    </div>
  );
});

interface MicrophonePickerProps {
  readonly media: LocalMediaClient;
  readonly microphones: readonly DeviceInfo[];
  readonly chosen: string | null;
}

/** Shows how loud each microphone is while one chooses: the right one is the one that moves. */
function MicrophonePicker({ media, microphones, chosen }: MicrophonePickerProps): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const tracks = useProbes(media, microphones, isOpen);
  return (
    <DevicePicker
      label={t('devices.microphone')}
      icon={<Mic aria-hidden />}
      devices={microphones}
      chosen={chosen}
      onChoose={(id) => void media.chooseMicrophone(id)}
      onOpen={setOpen}
      beside={(id, name) => <LevelBar track={tracks.get(id) ?? null} label={t('door.levelOf', { name })} />}
    />
  );
}

const NONE: ReadonlyMap<string, MediaStreamTrack> = new Map();

function useProbes(
  media: LocalMediaClient,
  microphones: readonly DeviceInfo[],
  isOpen: boolean,
): ReadonlyMap<string, MediaStreamTrack> {
  const [tracks, setTracks] = useState(NONE);
  const ids = microphones.map(({ id }) => id).join('\n');
  useEffect(() => {
    if (!isOpen || ids === '') return undefined;
    const opened = new Map<string, MediaStreamTrack>();
    let isCurrent = true;
    for (const id of ids.split('\n')) {
      void media.probeMicrophone(id).then((track) => {
        if (track === null) return;
        if (!isCurrent) {
          track.stop();
          return;
        }
        opened.set(id, track);
        setTracks(new Map(opened));
      });
    }
    return () => {
      isCurrent = false;
      for (const track of opened.values()) track.stop();
      setTracks(NONE);
    };
  }, [media, ids, isOpen]);
  return tracks;
}

const MODES = { voice: 'door.modeVoice', quiet: 'door.modeQuiet', music: 'door.modeMusic' } as const;

function ModePicker({
  media,
  mode,
}: {
  readonly media: LocalMediaClient;
  readonly mode: MicrophoneMode;
}): ReactNode {
  const { t } = useTranslation();
  return (
    <label className="picker mode-picker">
      <span>{t('door.mode')}</span>
      <span className="picker-button">
        <AudioLines aria-hidden />
        <select
          value={mode}
          onChange={({ target }) => void media.chooseMicrophoneMode(target.value as MicrophoneMode)}
        >
          {(Object.keys(MODES) as MicrophoneMode[]).map((name) => (
            <option key={name} value={name}>
              {t(MODES[name])}
            </option>
          ))}
        </select>
      </span>
    </label>
  );
}

function SpeakerTest({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation();
  const { speaker } = useSnapshot(media);
  const [state, setState] = useState<'idle' | 'playing' | 'failed'>('idle');
  const play = (): void => {
    setState('playing');
    playTestSound(speaker).then(
      () => {
        setState('idle');
      },
      () => {
        setState('failed');
      },
    );
  };
  return (
    <div className="speaker-test">
      <Button className="button quiet" onPress={play} isDisabled={state === 'playing'}>
        <Volume2 aria-hidden />
        {t(state === 'playing' ? 'door.testingSpeaker' : 'door.testSpeaker')}
      </Button>
      {state === 'failed' && <p role="alert">{t('door.testFailed')}</p>}
    </div>
  );
}
