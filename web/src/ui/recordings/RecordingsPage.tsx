import '../styles/recordings.css';
/** The list of what was recorded in one's meetings, each with how it stands. */
import { CircleAlert, Film } from 'lucide-react';
import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails, Recordings } from '../../meeting/index.ts';
import { readPages } from '../frame/answers.ts';
import { Listed } from '../frame/Listed.tsx';
import { PageFrame, type Around } from '../frame/PageFrame.tsx';
import { PageLink } from '../frame/PageLink.tsx';
import { momentOf } from '../frame/when.ts';
import { usePolled } from '../usePolled.ts';
import { StateWords } from './StateWords.tsx';
import { WORDS } from './words.ts';

export type RecordingsClient = Pick<
  Recordings,
  | 'page'
  | 'recording'
  | 'media'
  | 'growing'
  | 'trackFiles'
  | 'joinTracks'
  | 'names'
  | 'attendees'
  | 'keepUntil'
  | 'share'
  | 'links'
  | 'makeLink'
  | 'takeBack'
  | 'accessLog'
  | 'compose'
  | 'delete'
>;

export interface AroundRecordings extends Around {
  readonly recordings: RecordingsClient;
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
  const isMaking = recording.compositions?.some(({ state }) => state !== 'done' && state !== 'failed');
  return MOVING.includes(recording.state) || isMaking === true;
}

export function RecordingsPage(props: AroundRecordings): ReactNode {
  const { t } = useTranslation(WORDS);
  const { account, onGo } = props;
  return (
    <PageFrame account={account} onGo={onGo} title={t('title')} current="recordings">
      {() => <List {...props} />}
    </PageFrame>
  );
}

function List({ recordings, onGo }: AroundRecordings): ReactNode {
  const { t } = useTranslation(WORDS);
  const [pages, setPages] = useState(1);
  const ask = useCallback(
    () => readPages<RecordingDetails>((cursor) => recordings.page(cursor), pages),
    [recordings, pages],
  );
  return (
    <Listed
      polled={usePolled(ask, ({ items }) => items.some(isMoving))}
      empty={t('none')}
      onMore={() => {
        setPages(pages + 1);
      }}
    >
      {(listed) => (
        <ul className="recordings-list">
          {listed.map((one) => (
            <li key={one.id}>
              <Row recording={one} onGo={onGo} />
            </li>
          ))}
        </ul>
      )}
    </Listed>
  );
}

interface RowProps extends Pick<Around, 'onGo'> {
  readonly recording: RecordingDetails;
}

function Row({ recording, onGo }: RowProps): ReactNode {
  const { i18n } = useTranslation(WORDS);
  const { id, state, title, startedAt, requestedAt } = recording;
  const when = momentOf(startedAt ?? requestedAt, i18n.language);
  return (
    <PageLink to={{ kind: 'recording', id }} onGo={onGo} className="recordings-row">
      {state === 'failed' ? <CircleAlert aria-hidden /> : <Film aria-hidden />}
      <span className="recordings-what">
        <bdi className="recordings-title">{title ?? when}</bdi>
        {typeof title === 'string' && <bdi className="recordings-when">{when}</bdi>}
      </span>
      <StateWords recording={recording} />
    </PageLink>
  );
}
