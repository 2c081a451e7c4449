/** The keys of servers: made with some scopes, shown with when they were last used, revoked. */
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Check, Field } from '../frame/fields.tsx';
import { Confirm } from '../frame/Confirm.tsx';
import { Listed } from '../frame/Listed.tsx';
import { useNamed } from '../frame/named.ts';
import { momentOf } from '../frame/when.ts';
import { never, usePolled } from '../usePolled.ts';
import { Maker, useSecretOnce } from './Maker.tsx';
import { EVERY_SCOPE, SCOPES, type ApiKey, type Operation, type WithSecret } from './operation.ts';
import { WORDS } from './words.ts';

export function Keys({ operation }: { readonly operation: Operation }): ReactNode {
  const { t } = useTranslation(WORDS);
  const polled = usePolled(operation.keys, never);
  const [secret, showSecret] = useSecretOnce(polled.again);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <>
      <NewKey operation={operation} onMade={showSecret} />
      <Listed polled={polled} empty={t('keys.none')} onMore={() => undefined}>
        {(keys) => (
          <ul className="card-list">
            {keys.map((key) => (
              <Row key={key.id} apiKey={key} onRevoke={setRevoking} />
            ))}
          </ul>
        )}
      </Listed>
      {secret}
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
          <span>{scopes.length === EVERY_SCOPE.length ? t('keys.everything') : scopes.join(', ')}</span>
          <bdi>{t('keys.created', { time: momentOf(createdAt, i18n.language) })}</bdi>
          <bdi>
            {lastUsedAt === null
              ? t('keys.neverUsed')
              : t('keys.lastUsed', { time: momentOf(lastUsedAt, i18n.language) })}
          </bdi>
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
  const isNamed = name.trim() !== '';
  const make = async (): Promise<void> => {
    onMade(await operation.createKey(name.trim(), scopes));
    setName('');
    setScopes([]);
  };
  return (
    <Maker title={t('keys.new')} verb={t('keys.make')} isSound={isNamed && scopes.length > 0} onMake={make}>
      {(isTried) => (
        <>
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
            <p>{t('keys.notRecordings')}</p>
          </fieldset>
          {isTried && scopes.length === 0 && <p className="form-problem">{t('keys.scopesMissing')}</p>}
        </>
      )}
    </Maker>
  );
}
