import '../styles/recordings.css';
/** One recording: its film or how far that is, and what its owner may do with it. */
import { useCallback, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails } from '../../meeting/index.ts';
import { Wordmark } from '../components/Wordmark.tsx';
import { useTitle } from '../useTitle.ts';
import { Keeping } from './Keeping.tsx';
import { Player } from './Player.tsx';
import { isMoving, StateWords, type RecordingsClient } from './RecordingsPage.tsx';
import { usePolled } from '../usePolled.ts';
import { WORDS } from './words.ts';

interface RecordingPageProps {
  readonly id: string;
  readonly recordings: RecordingsClient;
  readonly onAll: () => void;
}

export function RecordingPage({ id, recordings, onAll }: RecordingPageProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const ask = useCallback(() => recordings.recording(id), [recordings, id]);
  const { asked, again, put } = usePolled(ask, isMoving);
  const recording = asked.kind === 'known' ? asked.value : null;
  const when =
    recording === null ? '' : new Date(recording.startedAt ?? recording.requestedAt).toLocaleString();
  useTitle(recording === null ? t('title') : when);

  return (
    <main className="recordings">
      <div className="recordings-head">
        <Wordmark />
        <Button className="button quiet" onPress={onAll}>
          {t('all')}
        </Button>
      </div>
      {asked.kind === 'asking' && <p role="status">{t('loading')}</p>}
      {asked.kind === 'failed' && (
        <div className="recordings-notice" role="alert">
          <p>
            {t(
              asked.status === 401
                ? 'signIn'
                : asked.status >= 403 && asked.status < 500
                  ? 'missing'
                  : 'failed',
            )}
          </p>
          <Button className="button" onPress={again}>
            {t('retry')}
          </Button>
        </div>
      )}
      {recording !== null && (
        <>
          <h1>{when}</h1>
          <p role="status">
            <StateWords recording={recording} />
          </p>
          {recording.state === 'ready' && <Player id={id} recordings={recordings} />}
          {canBeKept(recording) && <Keeping recording={recording} recordings={recordings} onChanged={put} />}
        </>
      )}
    </main>
  );
}

function canBeKept(recording: RecordingDetails): boolean {
  return recording.state === 'ready' || recording.state === 'failed';
}
