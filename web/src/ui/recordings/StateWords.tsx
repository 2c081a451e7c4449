/** How a recording stands: its state, how far its film is, why it failed, how long and large it is. */
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails } from '../../meeting/index.ts';
import { en } from '../languages/recordings/en.ts';
import { clockOf } from './vtt.ts';
import { WORDS } from './words.ts';

interface StateWordsProps {
  readonly recording: RecordingDetails;
  /** When it was, where nothing else says so. */
  readonly when?: string | null;
}

export function StateWords({ recording, when = null }: StateWordsProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const reasonWords = useReasonWords();
  const { state, reason, detail, progress, durationSeconds, bytes } = recording;
  const isThere = state !== 'deleting' && state !== 'deleted';
  const percent = Math.round(progress * 100);
  return (
    <span className="recordings-state">
      <span className={`recordings-mark is-${state}`}>{t(`state.${state}`)}</span>
      {state === 'processing' && (
        <>
          <progress max={100} value={percent} aria-label={t('progress', { percent })} />
          <bdi aria-hidden>{percent} %</bdi>
        </>
      )}
      {when !== null && <bdi>{when}</bdi>}
      {reason !== null && <span className="recordings-reason">{reasonWords(reason, detail)}</span>}
      {isThere && durationSeconds !== null && <bdi>{clockOf(durationSeconds)}</bdi>}
      {isThere && bytes !== null && (
        <bdi>{t('size', { megabytes: Math.max(1, Math.round(bytes / 1e6)) })}</bdi>
      )}
      {recording.storageClass === 'archive' && <span>{t('archived')}</span>}
    </span>
  );
}

/** Words for the codes of docs/recording.md; of one that a newer server gives, its own English. */
export function useReasonWords(): (reason: string, detail?: string | null) => string {
  const { t } = useTranslation(WORDS);
  return (reason, detail) => (Object.hasOwn(en.reason, reason) ? t(`reason.${reason}`) : (detail ?? reason));
}
