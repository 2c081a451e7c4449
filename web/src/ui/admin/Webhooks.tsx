/** Where events are sent to: made, tested, switched off, with a new secret, and what became of each event. */
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Confirm } from '../frame/Confirm.tsx';
import { Field } from '../frame/fields.tsx';
import { Listed } from '../frame/Listed.tsx';
import { useNamed } from '../frame/named.ts';
import { momentOf } from '../frame/when.ts';
import { never, usePolled } from '../usePolled.ts';
import { Deliveries } from './Deliveries.tsx';
import { Maker, useSecretOnce } from './Maker.tsx';
import type { Operation, WebhookEndpoint, WebhookTest, WithSecret } from './operation.ts';
import { useAction } from './useAction.ts';
import { WORDS } from './words.ts';

export function Webhooks({ operation }: { readonly operation: Operation }): ReactNode {
  const { t } = useTranslation(WORDS);
  const polled = usePolled(operation.webhooks, never);
  const [secret, onSecret] = useSecretOnce(polled.again);
  return (
    <>
      <NewEndpoint operation={operation} onMade={onSecret} />
      <Listed polled={polled} empty={t('webhooks.none')} onMore={() => undefined}>
        {(endpoints) => (
          <ul className="card-list">
            {endpoints.map((endpoint) => (
              <Row
                key={endpoint.id}
                endpoint={endpoint}
                operation={operation}
                onSecret={onSecret}
                onChanged={polled.again}
              />
            ))}
          </ul>
        )}
      </Listed>
      {secret}
    </>
  );
}

interface RowProps {
  readonly endpoint: WebhookEndpoint;
  readonly operation: Operation;
  readonly onSecret: (made: WithSecret) => void;
  readonly onChanged: () => void;
}

function Row({ endpoint, operation, onSecret, onChanged }: RowProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const named = useNamed();
  const { url, events, description, disabled, previousSecretExpiresAt } = endpoint;
  const [isOpen, setOpen] = useState(false);
  return (
    <li className="card" aria-label={url}>
      <div className="card-words">
        <h3 className="code">{url}</h3>
        <p className="card-facts">
          <span className={`mark ${disabled ? 'is-warning' : ''}`}>
            {t(disabled ? 'webhooks.off' : 'webhooks.on')}
          </span>
          <span className="code">{events.join(', ')}</span>
          {description !== '' && <span>{description}</span>}
          {previousSecretExpiresAt !== null && (
            <span>
              {t('webhooks.bothSecrets', { time: momentOf(previousSecretExpiresAt, i18n.language) })}
            </span>
          )}
        </p>
      </div>
      <Verbs endpoint={endpoint} operation={operation} onSecret={onSecret} onChanged={onChanged} />
      <details
        className="card-more"
        onToggle={(event) => {
          setOpen(event.currentTarget.open);
        }}
      >
        <summary aria-label={named(t('webhooks.deliveries'), url)}>{t('webhooks.deliveries')}</summary>
        {isOpen && <Deliveries endpoint={endpoint} operation={operation} />}
      </details>
    </li>
  );
}

function Verbs({ endpoint, operation, onSecret, onChanged }: RowProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const named = useNamed();
  const { id, url, disabled } = endpoint;
  const { isBusy, problem, run } = useAction();
  const [tested, setTested] = useState<WebhookTest | null>(null);
  const [asks, setAsks] = useState<'rotate' | 'delete' | null>(null);
  const verb = (name: string, act: () => void): ReactNode => (
    <Button
      className="button"
      isDisabled={isBusy}
      aria-label={named(t(`webhooks.${name}`), url)}
      onPress={act}
    >
      {t(`webhooks.${name}`)}
    </Button>
  );
  const confirmed = async (): Promise<void> => {
    if (asks === 'rotate') {
      onSecret(await operation.rotateSecret(id));
      return;
    }
    await operation.deleteWebhook(id);
    onChanged();
  };
  return (
    <>
      <div className="card-actions">
        {verb('test', () => {
          setTested(null);
          run(async () => {
            setTested(await operation.testWebhook(id));
          });
        })}
        {verb(disabled ? 'switchOn' : 'switchOff', () => {
          run(() => operation.switchWebhook(id, !disabled), onChanged);
        })}
        {verb('rotate', () => {
          setAsks('rotate');
        })}
        {verb('delete', () => {
          setAsks('delete');
        })}
      </div>
      <p role="status" className="card-note" hidden={tested === null}>
        {tested !== null && <TestWords tested={tested} />}
      </p>
      {problem !== null && (
        <p role="alert" className="card-note">
          {problem}
        </p>
      )}
      {asks !== null && (
        <Confirm
          title={t(`webhooks.confirm.${asks}.title`, { url })}
          text={t(`webhooks.confirm.${asks}.text`)}
          yes={t(`webhooks.${asks}`)}
          onYes={confirmed}
          onClose={() => {
            setAsks(null);
          }}
        />
      )}
    </>
  );
}

function TestWords({ tested }: { readonly tested: WebhookTest }): ReactNode {
  const { t } = useTranslation(WORDS);
  const { delivered, status, error } = tested;
  return delivered
    ? t('webhooks.tested', { status })
    : t('webhooks.testFailed', { reason: error ?? String(status) });
}

interface NewEndpointProps {
  readonly operation: Operation;
  readonly onMade: (made: WithSecret) => void;
}

/** As the API takes them: `*`, `meeting.*`, `participant.joined`. */
const EVENT = /^(\*|[a-z]+\.(\*|[a-z_]+))$/;

function NewEndpoint({ operation, onMade }: NewEndpointProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [plan, setPlan] = useState({ url: '', events: '*', description: '' });
  const events = plan.events.split(/[\s,]+/).filter((one) => one !== '');
  const isAddress = /^https?:\/\/\S+$/.test(plan.url.trim());
  const areEvents = events.length > 0 && events.every((one) => EVENT.test(one));
  const make = async (): Promise<void> => {
    onMade(await operation.createWebhook(plan.url.trim(), events, plan.description.trim()));
    setPlan({ url: '', events: '*', description: '' });
  };
  const field = (name: keyof typeof plan, isWrong: boolean): ReactNode => (
    <Field
      label={t(`webhooks.${name}`)}
      hint={t(`webhooks.${name}Hint`)}
      value={plan[name]}
      problem={isWrong ? t(`webhooks.${name}Wrong`) : null}
      onChange={(value) => {
        setPlan({ ...plan, [name]: value });
      }}
    />
  );
  return (
    <Maker title={t('webhooks.new')} verb={t('webhooks.make')} isSound={isAddress && areEvents} onMake={make}>
      {(isTried) => (
        <>
          {field('url', isTried && !isAddress)}
          {field('events', isTried && !areEvents)}
          {field('description', false)}
        </>
      )}
    </Maker>
  );
}
