import '../styles/recordings.css';
/** The list of what was recorded in one's meetings, each with how it stands. */
import { CircleAlert, Film } from 'lucide-react';
import { useCallback, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails, Recordings } from '../../meeting/index.ts';
import { Wordmark } from '../components/Wordmark.tsx';
import { useTitle } from '../useTitle.ts';
import { usePolled } from '../usePolled.ts';
import { clockOf } from './vtt.ts';
import { WORDS } from './words.ts';

export type RecordingsClient = Pick<
  Recordings,
  'page' | 'recording' | 'media' | 'tracks' | 'attendees' | 'keepUntil' | 'share' | 'compose' | 'delete'
>;

interface RecordingsPageProps {
  readonly recordings: RecordingsClient;
  readonly onOpen: (id: string) => void;
  readonly onHome: () => void;
}

/** In these a recording changes by itself. */
const MOVING: readonly string[] = [
  'starting',
  'recording',
  'degraded',
  'paused',
  'stopping',
  'processing',
  'deleting',
];

export function isMoving(recording: RecordingDetails): boolean {
  return MOVING.includes(recording.state);
}

interface Listed {
  readonly items: readonly RecordingDetails[];
  readonly nextCursor: string | null;
}

export function RecordingsPage({ recordings, onOpen, onHome }: RecordingsPageProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [pages, setPages] = useState(1);
  useTitle(t('title'));
  const ask = useCallback(() => readPages(recordings, pages), [recordings, pages]);
  const { asked, again } = usePolled(ask, (listed) => listed.items.some(isMoving));

  return (
    <main className="recordings">
      <div className="recordings-head">
        <Wordmark />
        <Button className="button quiet" onPress={onHome}>
          {t('home')}
        </Button>
      </div>
      <h1>{t('title')}</h1>
      {asked.kind === 'asking' && <p role="status">{t('loading')}</p>}
      {asked.kind === 'failed' && (
        <div className="recordings-notice" role="alert">
          <p>{t(asked.status === 401 ? 'signIn' : 'failed')}</p>
          <Button className="button" onPress={asked.status === 401 ? onHome : again}>
            {t(asked.status === 401 ? 'home' : 'retry')}
          </Button>
        </div>
      )}
      {asked.kind === 'known' && (
        <>
          {asked.value.items.length === 0 && <p className="recordings-notice">{t('none')}</p>}
          <ul className="recordings-list">
            {asked.value.items.map((one) => (
              <li key={one.id}>
                <Row recording={one} onOpen={onOpen} />
              </li>
            ))}
          </ul>
          {asked.value.nextCursor !== null && (
            <Button
              className="button"
              onPress={() => {
                setPages(pages + 1);
              }}
            >
              {t('more')}
            </Button>
          )}
        </>
      )}
    </main>
  );
}

function Row(props: {
  readonly recording: RecordingDetails;
  readonly onOpen: (id: string) => void;
}): ReactNode {
  const { recording, onOpen } = props;
  return (
    <Button
      className="recordings-row"
      onPress={() => {
        onOpen(recording.id);
      }}
    >
      {recording.state === 'failed' ? <CircleAlert aria-hidden /> : <Film aria-hidden />}
      <span className="recordings-when">
        {new Date(recording.startedAt ?? recording.requestedAt).toLocaleString()}
      </span>
      <StateWords recording={recording} />
    </Button>
  );
}

/** How a recording stands: its state, how far its film is, why it failed, how long and large it is. */
export function StateWords({ recording }: { readonly recording: RecordingDetails }): ReactNode {
  const { t } = useTranslation(WORDS);
  const { state, reason, progress, durationSeconds, bytes } = recording;
  const percent = Math.round(progress * 100);
  return (
    <span className="recordings-state">
      <span className={`recordings-mark is-${state}`}>{t(`state.${state}`)}</span>
      {state === 'processing' && (
        <progress max={100} value={percent} aria-label={t('progress', { percent })} />
      )}
      {reason !== null && <span className="recordings-reason">{reason}</span>}
      {durationSeconds !== null && <span>{clockOf(durationSeconds)}</span>}
      {bytes !== null && <span>{t('size', { megabytes: Math.max(1, Math.round(bytes / 1e6)) })}</span>}
      {recording.storageClass === 'archive' && <span>{t('archived')}</span>}
    </span>
  );
}

async function readPages(recordings: RecordingsClient, pages: number): Promise<Listed> {
  let listed: Listed = { items: [], nextCursor: null };
  for (let page = 0; page < pages; page += 1) {
    const next = await recordings.page(listed.nextCursor);
    listed = { items: [...listed.items, ...next.items], nextCursor: next.nextCursor };
    if (next.nextCursor === null) break;
  }
  return listed;
}
