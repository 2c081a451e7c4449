/** The film: play, seek with pictures, chapters, speed, and a file to keep. */
import { Download, Maximize, Pause, Play, Volume2, VolumeX } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { RecordingsClient } from './RecordingsPage.tsx';
import { SeekBar } from './SeekBar.tsx';
import { save } from './save.ts';
import { isOver, useFilm, type Film } from './useFilm.ts';
import { clockOf, cueAt } from './vtt.ts';
import { WORDS } from './words.ts';

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

interface PlayerProps {
  readonly id: string;
  readonly recordings: RecordingsClient;
}

export function Player({ id, recordings }: PlayerProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const { loading, renew } = useFilm(id, recordings);
  if (loading.kind === 'loading') return <p role="status">{t('loading')}</p>;
  if (loading.kind === 'failed' || loading.film.media.mp4 === null) {
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
      film={loading.film}
      url={loading.film.media.mp4.url}
      id={id}
      recordings={recordings}
      onOver={renew}
    />
  );
}

interface ScreenProps extends PlayerProps {
  readonly film: Film;
  readonly url: string;
  readonly onOver: () => void;
}

function Screen({ film, url, id, recordings, onOver }: ScreenProps): ReactNode {
  const video = useRef<HTMLVideoElement>(null);
  /** Where a film with a new link goes on. */
  const resume = useRef({ at: 0, plays: false });
  const [position, setPosition] = useState({ now: 0, end: 0 });
  const [isPlaying, setPlaying] = useState(false);
  const lost = (): void => {
    const element = video.current;
    if (element === null || !isOver(film.media, Date.now())) return;
    resume.current = { at: element.currentTime, plays: !element.paused };
    onOver();
  };
  const seek = (seconds: number): void => {
    if (video.current !== null) video.current.currentTime = seconds;
    setPosition((before) => ({ ...before, now: seconds }));
  };
  const act = (work: (video: HTMLVideoElement) => void): void => {
    if (video.current !== null) work(video.current);
  };
  return (
    <div className="film">
      <video
        ref={video}
        src={url}
        playsInline
        onError={lost}
        onStalled={lost}
        onTimeUpdate={(event) => {
          const { currentTime: now, duration: end } = event.currentTarget;
          setPosition({ now, end: Number.isFinite(end) ? end : 0 });
        }}
        onLoadedMetadata={(event) => {
          const { at, plays } = resume.current;
          event.currentTarget.currentTime = at;
          setPosition({ now: at, end: event.currentTarget.duration || 0 });
          if (plays) void event.currentTarget.play();
        }}
        onPlay={() => {
          setPlaying(true);
        }}
        onPause={() => {
          setPlaying(false);
        }}
      />
      <SeekBar {...position} thumbnails={film.thumbnails} sprite={film.sprite} onSeek={seek} />
      <Controls on={act} isPlaying={isPlaying} position={position} />
      <Chapters film={film} now={position.now} onSeek={seek} />
      <Copy id={id} url={url} recordings={recordings} />
    </div>
  );
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
      <span className="film-clock">
        {clockOf(position.now)} / {clockOf(position.end)}
      </span>
      <label>
        <span className="visually-hidden">{t('speed')}</span>
        <select
          defaultValue="1"
          onChange={(event) => {
            const rate = Number(event.target.value);
            on((video) => {
              video.playbackRate = rate;
            });
          }}
        >
          {SPEEDS.map((speed) => (
            <option key={speed} value={String(speed)}>
              {speed} ×
            </option>
          ))}
        </select>
      </label>
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
