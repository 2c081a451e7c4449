/** What became of the events of an endpoint; those that nobody took are sent again by hand. */
import { useCallback, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { readPages } from '../frame/answers.ts';
import { Listed } from '../frame/Listed.tsx';
import { useNamed } from '../frame/named.ts';
import { momentOf } from '../frame/when.ts';
import { usePolled } from '../usePolled.ts';
import type { Operation, WebhookDelivery, WebhookEndpoint } from './operation.ts';
import { useAction } from './useAction.ts';
import { WORDS } from './words.ts';

interface DeliveriesProps {
  readonly endpoint: WebhookEndpoint;
  readonly operation: Operation;
}

const MARK_BY_STATE = { retrying: 'is-warning', delivered: '', failed: 'is-bad' } as const;

export function Deliveries({ endpoint, operation }: DeliveriesProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [pages, setPages] = useState(1);
  const { id } = endpoint;
  const ask = useCallback(
    () => readPages((cursor) => operation.deliveries(id, cursor), pages),
    [operation, id, pages],
  );
  const polled = usePolled(ask, ({ items }) => items.some(({ state }) => state === 'retrying'));
  return (
    <Listed
      polled={polled}
      empty={t('deliveries.none')}
      onMore={() => {
        setPages(pages + 1);
      }}
    >
      {(deliveries) => (
        <ul className="plain-list">
          {deliveries.map((delivery) => (
            <Row
              key={delivery.id}
              delivery={delivery}
              onRetry={() => operation.retryDelivery(id, delivery.id)}
              onChanged={polled.again}
            />
          ))}
        </ul>
      )}
    </Listed>
  );
}

interface RowProps {
  readonly delivery: WebhookDelivery;
  readonly onRetry: () => Promise<void>;
  readonly onChanged: () => void;
}

function Row({ delivery, onRetry, onChanged }: RowProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const named = useNamed();
  const { type, number, state, attempts, status, error, attemptedAt, nextAttemptAt } = delivery;
  const { isBusy, problem, run } = useAction();
  const name = `${type} ${String(number)}`;
  return (
    <li>
      <span className="card-facts">
        <span className={`mark ${MARK_BY_STATE[state]}`}>{t(`deliveries.state.${state}`)}</span>
        <span className="code">{name}</span>
        <bdi>{momentOf(attemptedAt, i18n.language)}</bdi>
        <bdi>{t('deliveries.attempts', { count: attempts })}</bdi>
        {(error ?? status) !== null && <span>{error ?? String(status)}</span>}
        {nextAttemptAt !== null && (
          <bdi>{t('deliveries.next', { time: momentOf(nextAttemptAt, i18n.language) })}</bdi>
        )}
        {problem !== null && <span role="alert">{problem}</span>}
      </span>
      {state !== 'delivered' && (
        <Button
          className="button quiet"
          isDisabled={isBusy}
          aria-label={named(t('deliveries.retry'), name)}
          onPress={() => {
            run(onRetry, onChanged);
          }}
        >
          {t('deliveries.retry')}
        </Button>
      )}
    </li>
  );
}
