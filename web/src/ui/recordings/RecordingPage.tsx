import '../styles/recordings.css';
/** One recording: its film or how far that is, and what its owner may do with it. */
import { useCallback, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails } from '../../meeting/index.ts';
import { Notice } from '../frame/Notice.tsx';
import { PageFrame } from '../frame/PageFrame.tsx';
import { PageLink } from '../frame/PageLink.tsx';
import { momentOf } from '../frame/when.ts';
import { usePolled } from '../usePolled.ts';
import { AccessLog } from './AccessLog.tsx';
import { Keeping } from './Keeping.tsx';
import { Player } from './Player.tsx';
import { may } from './may.ts';
import { isMoving, type AroundRecordings } from './RecordingsPage.tsx';
import { StateWords } from './StateWords.tsx';
import { TrackFiles } from './TrackFiles.tsx';
import { WORDS } from './words.ts';

const BEFORE_FILM: ReadonlySet<string> = new Set(['starting', 'recording', 'paused', 'degraded', 'stopping']);

/** In these there is a film, or the beginning of one. */
const WATCHED: ReadonlySet<string> = new Set(['processing', 'ready']);

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
      title={recording === null ? t('title') : (recording.title ?? when)}
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
                <StateWords recording={recording} when={recording.title == null ? null : when} />
              </p>
              <Outlook recording={recording} />
              {recording.state === 'failed' && may(recording, 'compose') && (
                <ComposeAgain recording={recording} recordings={recordings} onChanged={put} />
              )}
              {WATCHED.has(recording.state) && <Film recording={recording} recordings={recordings} />}
              {isOver(recording) && (
                <>
                  {may(recording, 'compose') && (
                    <TrackFiles recording={recording} recordings={recordings} onAsked={again} />
                  )}
                  <Keeping recording={recording} recordings={recordings} onChanged={put} />
                </>
              )}
              {may(recording, 'log') && <AccessLog recording={recording} recordings={recordings} />}
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

/** What will be here, and when. */
function Outlook({ recording }: { readonly recording: RecordingDetails }): ReactNode {
  const { t } = useTranslation(WORDS);
  return BEFORE_FILM.has(recording.state) && <p className="recordings-outlook">{t('later')}</p>;
}

function ComposeAgain(
  props: Pick<AroundRecordings, 'recordings'> & {
    readonly recording: RecordingDetails;
    readonly onChanged: (recording: RecordingDetails) => void;
  },
): ReactNode {
  const { t } = useTranslation(WORDS);
  const [isFailed, setFailed] = useState(false);
  const { recording, recordings, onChanged } = props;
  const compose = async (): Promise<void> => {
    await recordings.compose(recording.id, null);
    onChanged(await recordings.recording(recording.id));
  };
  return (
    <div className="recordings-again">
      <Button
        className="button primary"
        onPress={() => {
          setFailed(false);
          compose().catch(() => {
            setFailed(true);
          });
        }}
      >
        {t('compose')}
      </Button>
      {isFailed && <p role="alert">{t('changeFailed')}</p>}
    </div>
  );
}

function Film(
  props: Pick<AroundRecordings, 'recordings'> & { readonly recording: RecordingDetails },
): ReactNode {
  const { t } = useTranslation(WORDS);
  const { recording, recordings } = props;
  if (may(recording, 'open')) return <Player recording={recording} recordings={recordings} />;
  if (recording.state !== 'ready') return null;
  return <p className="account-empty">{t('notToWatch')}</p>;
}

function isOver(recording: RecordingDetails): boolean {
  return recording.state === 'ready' || recording.state === 'failed';
}
