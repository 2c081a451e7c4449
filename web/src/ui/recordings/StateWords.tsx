/** How a recording stands: its state, how far its film is, why it failed, how long and large it is. */
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails } from '../../meeting/index.ts';
import { en } from '../languages/recordings/en.ts';
import { clockOf } from './vtt.ts';
import { WORDS } from './words.ts';

export function StateWords({ recording }: { readonly recording: RecordingDetails }): ReactNode {
  const { t } = useTranslation(WORDS);
  const reasonWords = useReasonWords();
  const { state, reason, detail, progress, durationSeconds, bytes } = recording;
  const percent = Math.round(progress * 100);
  return (
    <span className="recordings-state">
      <span className={`recordings-mark is-${state}`}>{t(`state.${state}`)}</span>
      {state === 'processing' && (
        <progress max={100} value={percent} aria-label={t('progress', { percent })} />
      )}
      {reason !== null && <span className="recordings-reason">{reasonWords(reason, detail)}</span>}
      {durationSeconds !== null && <span>{clockOf(durationSeconds)}</span>}
      {bytes !== null && <span>{t('size', { megabytes: Math.max(1, Math.round(bytes / 1e6)) })}</span>}
      {recording.storageClass === 'archive' && <span>{t('archived')}</span>}
    </span>
  );
}

/** Words for the codes of docs/recording.md; of one that a newer server gives, its own English. */
export function useReasonWords(): (reason: string, detail?: string | null) => string {
  const { t } = useTranslation(WORDS);
  return (reason, detail) => (Object.hasOwn(en.reason, reason) ? t(`reason.${reason}`) : (detail ?? reason));
}
