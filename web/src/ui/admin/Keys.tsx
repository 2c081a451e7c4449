/** The keys of servers: made with some scopes, shown with when they were last used, revoked. */
import { useState, type ReactNode } from 'react';
import { Button, Form } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Check, Field } from '../frame/fields.tsx';
import { Confirm } from '../frame/Confirm.tsx';
import { Listed } from '../frame/Listed.tsx';
import { useNamed } from '../frame/named.ts';
import { momentOf } from '../frame/when.ts';
import { never, usePolled } from '../usePolled.ts';
import { SCOPES, type ApiKey, type Operation, type WithSecret } from './operation.ts';
import { SecretOnce } from './SecretOnce.tsx';
import { useAction } from './useAction.ts';
import { WORDS } from './words.ts';

export function Keys({ operation }: { readonly operation: Operation }): ReactNode {
  const { t } = useTranslation(WORDS);
  const polled = usePolled(operation.keys, never);
  const [made, setMade] = useState<WithSecret | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <>
      <NewKey
        operation={operation}
        onMade={(key) => {
          setMade(key);
          polled.again();
        }}
      />
      <Listed polled={polled} empty={t('keys.none')} onMore={() => undefined}>
        {(keys) => (
          <ul className="card-list">
            {keys.map((key) => (
              <Row key={key.id} apiKey={key} onRevoke={setRevoking} />
            ))}
          </ul>
        )}
      </Listed>
      {made !== null && (
        <SecretOnce
          made={made}
          onClose={() => {
            setMade(null);
          }}
        />
      )}
      {revoking !== null && (
        <Confirm
          title={t('keys.confirmTitle', { name: revoking.name })}
          text={t('keys.confirmText')}
          yes={t('keys.revoke')}
          onYes={async () => {
            await operation.revokeKey(revoking.id);
            polled.again();
          }}
          onClose={() => {
            setRevoking(null);
          }}
        />
      )}
    </>
  );
}

function Row(props: { readonly apiKey: ApiKey; readonly onRevoke: (key: ApiKey) => void }): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const named = useNamed();
  const { name, id, scopes, createdAt, lastUsedAt } = props.apiKey;
  return (
    <li className="card" aria-label={name}>
      <div className="card-words">
        <h3>{name}</h3>
        <p className="card-facts">
          <span className="code">{id}</span>
          <span>{scopes.length === SCOPES.length ? t('keys.everything') : scopes.join(', ')}</span>
          <span>{t('keys.created', { time: momentOf(createdAt, i18n.language) })}</span>
          <span>
            {lastUsedAt === null
              ? t('keys.neverUsed')
              : t('keys.lastUsed', { time: momentOf(lastUsedAt, i18n.language) })}
          </span>
        </p>
      </div>
      <div className="card-actions">
        <Button
          className="button"
          aria-label={named(t('keys.revoke'), name)}
          onPress={() => {
            props.onRevoke(props.apiKey);
          }}
        >
          {t('keys.revoke')}
        </Button>
      </div>
    </li>
  );
}

interface NewKeyProps {
  readonly operation: Operation;
  readonly onMade: (made: WithSecret) => void;
}

function NewKey({ operation, onMade }: NewKeyProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly string[]>([]);
  const [isTried, setTried] = useState(false);
  const { isBusy, problem, run } = useAction();
  const isNamed = name.trim() !== '';
  const submit = (): void => {
    setTried(true);
    if (!isNamed || scopes.length === 0) return;
    run(async () => {
      onMade(await operation.createKey(name.trim(), scopes));
      setName('');
      setScopes([]);
      setTried(false);
    });
  };
  return (
    <details className="account-more">
      <summary>{t('keys.new')}</summary>
      <Form
        className="account-form"
        validationBehavior="aria"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field
          label={t('keys.name')}
          hint={t('keys.nameHint')}
          value={name}
          maxLength={100}
          problem={isTried && !isNamed ? t('keys.nameMissing') : null}
          onChange={setName}
        />
        <fieldset className="checks">
          <legend>{t('keys.scopes')}</legend>
          {SCOPES.map((scope) => (
            <Check
              key={scope}
              label={scope}
              isOn={scopes.includes(scope)}
              onChange={(isOn) => {
                setScopes(isOn ? [...scopes, scope] : scopes.filter((one) => one !== scope));
              }}
            />
          ))}
        </fieldset>
        {isTried && scopes.length === 0 && <p className="form-problem">{t('keys.scopesMissing')}</p>}
        {problem !== null && <p role="alert">{problem}</p>}
        <Button className="button primary" type="submit" isDisabled={isBusy}>
          {t('keys.make')}
        </Button>
      </Form>
    </details>
  );
}
