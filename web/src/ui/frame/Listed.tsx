/** A list as it stands: being asked for, empty, not to be had, or there, with a way to more of it. */
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { Polled } from '../usePolled.ts';
import type { Page } from './answers.ts';
import { Notice } from './Notice.tsx';
import { WORDS } from './words.ts';

interface ListedProps<Item> {
  readonly polled: Polled<Page<Item>>;
  readonly empty: ReactNode;
  readonly onMore: () => void;
  readonly children: (items: readonly Item[]) => ReactNode;
}

export function Listed<Item>({ polled, empty, onMore, children }: ListedProps<Item>): ReactNode {
  const { t } = useTranslation(WORDS);
  const { asked, again } = polled;
  if (asked.kind === 'asking') return <p role="status">{t('loading')}</p>;
  if (asked.kind === 'failed') return <Notice status={asked.status} onRetry={again} />;
  const { items, nextCursor } = asked.value;
  return (
    <>
      {asked.isStale && (
        <p className="account-stale" role="status">
          {t('stale')}
        </p>
      )}
      {items.length === 0 ? <p className="account-empty">{empty}</p> : children(items)}
      {nextCursor !== null && (
        <Button className="button" onPress={onMore}>
          {t('more')}
        </Button>
      )}
    </>
  );
}
