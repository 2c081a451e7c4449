import '../styles/recordings.css';
/** One recording: its film or how far that is, and what its owner may do with it. */
import { useCallback, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails } from '../../meeting/index.ts';
import { Notice } from '../frame/Notice.tsx';
import { PageFrame } from '../frame/PageFrame.tsx';
import { PageLink } from '../frame/PageLink.tsx';
import { momentOf } from '../frame/when.ts';
import { usePolled } from '../usePolled.ts';
import { Keeping } from './Keeping.tsx';
import { Player } from './Player.tsx';
import { isMoving, type AroundRecordings } from './RecordingsPage.tsx';
import { StateWords } from './StateWords.tsx';
import { TrackFiles } from './TrackFiles.tsx';
import { WORDS } from './words.ts';

interface RecordingPageProps extends AroundRecordings {
  readonly id: string;
}

export function RecordingPage({ id, recordings, account, onGo }: RecordingPageProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const ask = useCallback(() => recordings.recording(id), [recordings, id]);
  const { asked, again, put } = usePolled(ask, isMoving);
  const recording = asked.kind === 'known' ? asked.value : null;
  const when =
    recording === null ? '' : momentOf(recording.startedAt ?? recording.requestedAt, i18n.language);
  const all = (
    <PageLink to={{ kind: 'recordings' }} onGo={onGo} className="button quiet">
      {t('all')}
    </PageLink>
  );

  return (
    <PageFrame
      account={account}
      onGo={onGo}
      title={recording === null ? t('title') : when}
      current="recordings"
      aside={all}
    >
      {() => (
        <>
          {asked.kind === 'asking' && <p role="status">{t('loading')}</p>}
          {asked.kind === 'failed' && <Failure status={asked.status} onRetry={again} />}
          {recording !== null && (
            <>
              <p role="status">
                <StateWords recording={recording} />
              </p>
              {recording.state === 'ready' && <Player id={id} recordings={recordings} />}
              {canBeKept(recording) && (
                <TrackFiles recording={recording} recordings={recordings} onAsked={again} />
              )}
              {canBeKept(recording) && (
                <Keeping recording={recording} recordings={recordings} onChanged={put} />
              )}
            </>
          )}
        </>
      )}
    </PageFrame>
  );
}

/** What is not there and what is not one's own are told apart to nobody. */
function Failure({ status, onRetry }: { readonly status: number; readonly onRetry: () => void }): ReactNode {
  const { t } = useTranslation(WORDS);
  if (status !== 403 && status !== 404) return <Notice status={status} onRetry={onRetry} />;
  return (
    <p className="account-empty" role="alert">
      {t('missing')}
    </p>
  );
}

function canBeKept(recording: RecordingDetails): boolean {
  return recording.state === 'ready' || recording.state === 'failed';
}
