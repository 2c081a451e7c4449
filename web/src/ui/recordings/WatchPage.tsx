import '../styles/account.css';
import '../styles/recordings.css';
/** A film for somebody who got a link to it, without an account. */
import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Recordings } from '../../meeting/index.ts';
import { Wordmark } from '../components/Wordmark.tsx';
import { Notice } from '../frame/Notice.tsx';
import { PageLink } from '../frame/PageLink.tsx';
import type { Around } from '../frame/PageFrame.tsx';
import { momentOf } from '../frame/when.ts';
import { usePolled } from '../usePolled.ts';
import { useTitle } from '../useTitle.ts';
import { Player } from './Player.tsx';
import { isMoving, type RecordingsClient } from './RecordingsPage.tsx';
import { StateWords } from './StateWords.tsx';
import { WORDS } from './words.ts';

interface WatchPageProps extends Pick<Around, 'onGo'> {
  readonly id: string;
  readonly secret: string;
  readonly apiUrl: string;
  readonly recordings?: RecordingsClient;
}

export function WatchPage({ id, secret, apiUrl, onGo, recordings: given }: WatchPageProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const [recordings] = useState<RecordingsClient>(
    () => given ?? new Recordings({ apiUrl, accessToken: () => Promise.resolve(secret) }),
  );
  const ask = useCallback(() => recordings.recording(id), [recordings, id]);
  const { asked, again } = usePolled(ask, isMoving);
  const recording = asked.kind === 'known' ? asked.value : null;
  const when =
    recording === null ? t('shared') : momentOf(recording.startedAt ?? recording.requestedAt, i18n.language);
  const title = recording?.title ?? when;
  useTitle(title);
  return (
    <div className="account">
      <header className="account-head">
        <PageLink to={{ kind: 'start' }} onGo={onGo} className="account-brand" label="Parley">
          <Wordmark />
        </PageLink>
      </header>
      <main className="account-main">
        <div className="account-title">
          <h1>
            <bdi>{title}</bdi>
          </h1>
        </div>
        {asked.kind === 'asking' && <p role="status">{t('loading')}</p>}
        {asked.kind === 'failed' && <Failure status={asked.status} onRetry={again} />}
        {recording !== null && (
          <>
            <p role="status">
              <StateWords recording={recording} when={recording.title == null ? null : when} />
            </p>
            <Player recording={recording} recordings={recordings} />
          </>
        )}
      </main>
    </div>
  );
}

function Failure({ status, onRetry }: { readonly status: number; readonly onRetry: () => void }): ReactNode {
  const { t } = useTranslation(WORDS);
  if (![401, 403, 404, 410].includes(status)) return <Notice status={status} onRetry={onRetry} />;
  return (
    <p className="account-empty" role="alert">
      {t('linkOver')}
    </p>
  );
}
