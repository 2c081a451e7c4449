import { CloudOff, DoorClosed, SearchX, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingErrorCode } from '../../meeting/index.ts';
import { Wordmark } from '../components/Wordmark.tsx';

interface NoticePageProps {
  readonly code: MeetingErrorCode;
  readonly onRetry: () => void;
  readonly onHome: () => void;
}

/** Trying again cannot help with these. */
const FINAL: readonly MeetingErrorCode[] = [
  'meeting_not_found',
  'meeting_ended',
  'guests_not_allowed',
  'barred',
  'browser_unsupported',
];
const WORDED = [
  'meeting_not_found',
  'meeting_ended',
  'meeting_full',
  'meeting_not_open',
  'guests_not_allowed',
  'no_capacity',
  'meeting_locked',
  'barred',
  'too_many_attempts',
  'unreachable',
  'media_path_failed',
  'unauthorized',
  'browser_unsupported',
] as const;

export function NoticePage({ code, onRetry, onHome }: NoticePageProps): ReactNode {
  const { t } = useTranslation();
  const known = WORDED.find((worded) => worded === code) ?? 'other';
  const words = known === 'unreachable' && !navigator.onLine ? 'offline' : known;
  return (
    <main className="notice">
      <Wordmark />
      <span className="notice-icon">{iconOf(code)}</span>
      <h1>{t(`notice.${words}.title`)}</h1>
      <p className="lead">{t(`notice.${words}.text`)}</p>
      <div className="actions">
        {!FINAL.includes(code) && (
          <Button className="button primary" onPress={onRetry} autoFocus>
            {t('notice.retry')}
          </Button>
        )}
        <Button className="button" onPress={onHome}>
          {t('notice.home')}
        </Button>
      </div>
    </main>
  );
}

function iconOf(code: MeetingErrorCode): ReactNode {
  if (code === 'meeting_not_found') return <SearchX aria-hidden />;
  if (code === 'meeting_ended' || code === 'guests_not_allowed') return <DoorClosed aria-hidden />;
  if (code === 'unreachable' || code === 'media_path_failed') return <CloudOff aria-hidden />;
  return <TriangleAlert aria-hidden />;
}
