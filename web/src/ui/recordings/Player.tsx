/** The film: play, seek with pictures, chapters, speed, and a file to keep. */
import { Download, Maximize, Pause, Play, Volume2, VolumeX } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails } from '../../meeting/index.ts';
import { lengthOf } from '../frame/when.ts';
import { canGrow } from './GrowingFilm.ts';
import type { RecordingsClient } from './RecordingsPage.tsx';
import { SeekBar } from './SeekBar.tsx';
import { save } from './save.ts';
import { isOver, useFilm, type Film } from './useFilm.ts';
import { useSource, type Source } from './useSource.ts';
import { clockOf, cueAt } from './vtt.ts';
import { WORDS } from './words.ts';

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

interface PlayerProps {
  readonly id: string;
  readonly recordings: RecordingsClient;
}

interface WatchedProps extends Pick<PlayerProps, 'recordings'> {
  readonly recording: RecordingDetails;
}

/** The film of a recording, and its beginning where it is still being made: as soon as a minute of it is done. */
export function Player({ recording, recordings }: WatchedProps): ReactNode {
  const { state, progress, id } = recording;
  if (state !== 'processing' && state !== 'ready') return null;
  if (state === 'processing' && (progress === 0 || !canGrow())) return <Soon />;
  return <Playing key={id} recording={recording} recordings={recordings} />;
}

function Playing({ recording, recordings }: WatchedProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const { id, progress } = recording;
  const isWhole = recording.state === 'ready';
  const [beganEarly] = useState(!isWhole);
  const [isUnseen, setUnseen] = useState(false);
  const { loading, renew } = useFilm(id, recordings, isWhole);
  const film = loading.kind === 'loaded' ? loading.film : null;
  const isEarly = beganEarly && !isUnseen && loading.kind === 'loading';
  const beginning = useMemo(() => (isEarly ? () => recordings.growing(id) : null), [isEarly, recordings, id]);
  if (!isWhole && isUnseen) return <Soon />;
  if (loading.kind === 'loading' && !isEarly) return <p role="status">{t('loading')}</p>;
  const url = film?.media.mp4?.url ?? null;
  if (url === null && !isEarly) {
    return (
      <div className="recordings-notice" role="alert">
        <p>{t('linkLost')}</p>
        <Button className="button" onPress={renew}>
          {t('retry')}
        </Button>
      </div>
    );
  }
  return (
    <Screen
      film={film}
      url={url}
      beginning={beginning}
      progress={progress}
      id={id}
      recordings={recordings}
      onOver={renew}
      onUnseen={() => {
        setUnseen(true);
      }}
    />
  );
}

interface ScreenProps extends PlayerProps, Source {
  /** Null until it is whole. */
  readonly film: Film | null;
  readonly onOver: () => void;
}

function Screen(props: ScreenProps): ReactNode {
  const { film, url, id, recordings, onOver } = props;
  const { video, resume, seconds } = useSource(props);
  const [position, setPosition] = useState({ now: 0, end: 0 });
  const [isPlaying, setPlaying] = useState(false);
  const lost = (): void => {
    if (film !== null && isOver(film.media, Date.now())) onOver();
  };
  const act = (work: (video: HTMLVideoElement) => void): void => {
    if (video.current !== null) work(video.current);
  };
  const seek = (seconds: number): void => {
    act((one) => {
      one.currentTime = seconds;
    });
    setPosition((before) => ({ ...before, now: seconds }));
  };
  return (
    <div className="film">
      {url === null && <Soon seconds={seconds} />}
      <video
        ref={video}
        playsInline
        onError={lost}
        onStalled={lost}
        onTimeUpdate={(event) => {
          setPosition(positionOf(event.currentTarget));
        }}
        onDurationChange={(event) => {
          setPosition(positionOf(event.currentTarget));
        }}
        onLoadedMetadata={(event) => {
          const { at, plays } = resume.current;
          event.currentTarget.currentTime = at;
          setPosition({ ...positionOf(event.currentTarget), now: at });
          if (plays) void event.currentTarget.play();
        }}
        onPlay={() => {
          setPlaying(true);
        }}
        onPause={() => {
          setPlaying(false);
        }}
      />
      <SeekBar
        {...position}
        thumbnails={film?.thumbnails ?? []}
        sprite={film?.sprite ?? null}
        onSeek={seek}
      />
      <Controls on={act} isPlaying={isPlaying} position={position} />
      {film !== null && <Chapters film={film} now={position.now} onSeek={seek} />}
      {url !== null && <Copy id={id} url={url} recordings={recordings} />}
    </div>
  );
}

function positionOf({ currentTime, duration }: HTMLVideoElement): { now: number; end: number } {
  return { now: currentTime, end: Number.isFinite(duration) ? duration : 0 };
}

/** That the film is still being made, and how much of it can be watched, where that is known. */
function Soon({ seconds = null }: { readonly seconds?: number | null }): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  if (seconds === null) return <p className="recordings-outlook">{t('soon')}</p>;
  const length = lengthOf(Math.max(1, seconds / 60), i18n.language);
  return <p className="recordings-outlook">{t('growing', { length })}</p>;
}

function Controls(props: {
  /** Does something to the film. */
  readonly on: (work: (video: HTMLVideoElement) => void) => void;
  readonly isPlaying: boolean;
  readonly position: { readonly now: number; readonly end: number };
}): ReactNode {
  const { t } = useTranslation(WORDS);
  const { on, isPlaying, position } = props;
  const [isMuted, setMuted] = useState(false);
  return (
    <div className="film-controls">
      <Button
        className="button"
        aria-label={t(isPlaying ? 'pause' : 'play')}
        onPress={() => {
          on((video) => {
            if (isPlaying) video.pause();
            else void video.play();
          });
        }}
      >
        {isPlaying ? <Pause aria-hidden /> : <Play aria-hidden />}
      </Button>
      <Button
        className="button"
        aria-label={t(isMuted ? 'unmute' : 'mute')}
        onPress={() => {
          on((video) => {
            video.muted = !isMuted;
          });
          setMuted(!isMuted);
        }}
      >
        {isMuted ? <VolumeX aria-hidden /> : <Volume2 aria-hidden />}
      </Button>
      <bdi className="film-clock">
        {clockOf(position.now)} / {clockOf(position.end)}
      </bdi>
      <Speed
        onChange={(rate) => {
          on((video) => {
            video.playbackRate = rate;
            // What a new link is played with.
            video.defaultPlaybackRate = rate;
          });
        }}
      />
      <Button
        className="button"
        aria-label={t('fullScreen')}
        onPress={() => {
          on(fillScreen);
        }}
      >
        <Maximize aria-hidden />
      </Button>
    </div>
  );
}

function Speed({ onChange }: { readonly onChange: (rate: number) => void }): ReactNode {
  const { t } = useTranslation(WORDS);
  return (
    <label>
      <span className="visually-hidden">{t('speed')}</span>
      <select
        defaultValue="1"
        onChange={(event) => {
          onChange(Number(event.target.value));
        }}
      >
        {SPEEDS.map((speed) => (
          <option key={speed} value={String(speed)} dir="auto">
            {speed} ×
          </option>
        ))}
      </select>
    </label>
  );
}

/** iPhones fill the screen with films alone, and by a name of their own: webkit.org/blog/6784 */
function fillScreen(video: HTMLVideoElement & { webkitEnterFullscreen?: () => void }): void {
  if ('requestFullscreen' in video) void video.requestFullscreen();
  else (video as { webkitEnterFullscreen?: () => void }).webkitEnterFullscreen?.();
}

function Chapters(props: {
  readonly film: Film;
  readonly now: number;
  readonly onSeek: (seconds: number) => void;
}): ReactNode {
  const { t } = useTranslation(WORDS);
  const { chapters } = props.film;
  if (chapters.length === 0) return null;
  const current = cueAt(chapters, props.now);
  return (
    <nav aria-label={t('chapters')}>
      <ol className="film-chapters">
        {chapters.map((chapter) => (
          <li key={`${String(chapter.from)} ${chapter.text}`}>
            <Button
              className="button quiet"
              {...(chapter === current ? { 'aria-current': 'true' } : {})}
              onPress={() => {
                props.onSeek(chapter.from);
              }}
            >
              <span className="film-clock">{clockOf(chapter.from)}</span> {chapter.text}
            </Button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** Asks for a link of its own: that of the player may have ended. */
function Copy({ id, url, recordings }: PlayerProps & { readonly url: string }): ReactNode {
  const { t } = useTranslation(WORDS);
  const [isLost, setLost] = useState(false);
  return (
    <div className="actions">
      <Button
        className="button"
        onPress={() => {
          setLost(false);
          recordings.media(id).then(
            ({ mp4 }) => {
              save(mp4?.url ?? url, `${id}.mp4`);
            },
            () => {
              setLost(true);
            },
          );
        }}
      >
        <Download aria-hidden /> {t('download')}
      </Button>
      <span role="status">{isLost ? t('linkLost') : ''}</span>
    </div>
  );
}
