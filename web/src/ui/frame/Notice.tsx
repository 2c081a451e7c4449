/** Something could not be shown or done: why, in plain words, and a way to try again. */
import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../meeting/index.ts';
import { WORDS } from './words.ts';

const WORD_BY_STATUS: Readonly<Record<number, string>> = {
  0: 'offline',
  401: 'signedOut',
  403: 'forbidden',
  404: 'missing',
  409: 'conflict',
  410: 'gone',
  412: 'changed',
  422: 'wrong',
  429: 'tooMany',
  503: 'away',
};

/** The key of what to say after an answer with this status. */
export function wordOf(status: number): string {
  return `failure.${WORD_BY_STATUS[status] ?? 'other'}`;
}

/** What to say after anything that was thrown. */
export function useFailureWords(): (error: unknown) => string {
  const { t } = useTranslation(WORDS);
  return (error) => t(wordOf(error instanceof ApiError ? error.status : -1));
}

export function Notice(props: { readonly status: number; readonly onRetry?: () => void }): ReactNode {
  const { t } = useTranslation(WORDS);
  return (
    <div className="account-notice" role="alert">
      <p>
        <CircleAlert aria-hidden /> {t(wordOf(props.status))}
      </p>
      {props.onRetry !== undefined && props.status !== 403 && (
        <Button className="button" onPress={props.onRetry}>
          {t('retry')}
        </Button>
      )}
    </div>
  );
}
