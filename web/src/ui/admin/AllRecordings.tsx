/** Everybody's recordings: how they stand and why, how long they are kept, and what holds them. Nobody watches here. */
import { useCallback, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails } from '../../meeting/index.ts';
import { readPages } from '../frame/answers.ts';
import { Confirm } from '../frame/Confirm.tsx';
import { Field, Select } from '../frame/fields.tsx';
import { Listed } from '../frame/Listed.tsx';
import { useNamed } from '../frame/named.ts';
import { dayOf, momentOf, sizeOf } from '../frame/when.ts';
import { isMoving } from '../recordings/RecordingsPage.tsx';
import { useReasonWords } from '../recordings/StateWords.tsx';
import { WORDS as RECORDING_WORDS } from '../recordings/words.ts';
import { usePolled } from '../usePolled.ts';
import type { Operation } from './operation.ts';
import { useAction } from './useAction.ts';
import { WORDS } from './words.ts';

const STATES = ['failed', 'degraded', 'recording', 'processing', 'ready', 'deleting', 'deleted'] as const;

export function AllRecordings({ operation }: { readonly operation: Operation }): ReactNode {
  const { t } = useTranslation(WORDS);
  const [state, setState] = useState('');
  const [pages, setPages] = useState(1);
  const ask = useCallback(
    () => readPages((cursor) => operation.recordings(state === '' ? null : state, cursor), pages),
    [operation, state, pages],
  );
  const polled = usePolled(ask, ({ items }) => items.some(isMoving));
  return (
    <>
      <div className="account-tools">
        <Select
          label={t('recordings.show')}
          value={state}
          options={[
            { id: '', name: t('recordings.all') },
            ...STATES.map((id) => ({ id, name: t(`state.${id}`, { ns: RECORDING_WORDS }) })),
          ]}
          onChange={(chosen) => {
            setState(chosen);
            setPages(1);
          }}
        />
      </div>
      <Listed
        polled={polled}
        empty={t('recordings.none')}
        onMore={() => {
          setPages(pages + 1);
        }}
      >
        {(recordings) => (
          <ul className="card-list">
            {recordings.map((recording) => (
              <Row key={recording.id} recording={recording} operation={operation} onChanged={polled.again} />
            ))}
          </ul>
        )}
      </Listed>
    </>
  );
}

interface RowProps {
  readonly recording: RecordingDetails;
  readonly operation: Operation;
  readonly onChanged: () => void;
}

function Row({ recording, operation, onChanged }: RowProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const reasonWords = useReasonWords();
  const { id, state, reason, detail, bytes, legalHold, retainUntil } = recording;
  const when = momentOf(recording.startedAt ?? recording.requestedAt, i18n.language);
  const isBad = state === 'failed' || state === 'degraded';
  return (
    <li className="card" aria-label={when}>
      <div className="card-words">
        <h3>
          <bdi>{when}</bdi>
        </h3>
        <p className="card-facts">
          <span className={`mark ${isBad ? 'is-bad' : ''}`}>
            {t(`state.${state}`, { ns: RECORDING_WORDS })}
          </span>
          {reason !== null && <span className="form-problem">{reasonWords(reason, detail)}</span>}
          {bytes !== null && <bdi>{sizeOf(bytes, i18n.language)}</bdi>}
          {legalHold && <span className="mark is-warning">{t('recordings.held')}</span>}
          <bdi>
            {retainUntil === null
              ? t('recordings.keptForGood')
              : t('recordings.keptUntil', { date: dayOf(retainUntil, i18n.language) })}
          </bdi>
          <span className="code">{recording.meeting}</span>
        </p>
      </div>
      {(state === 'ready' || state === 'failed') && (
        <Keeping recording={recording} when={when} operation={operation} onChanged={onChanged} key={id} />
      )}
    </li>
  );
}

function Keeping({ recording, when, operation, onChanged }: RowProps & { readonly when: string }): ReactNode {
  const { t } = useTranslation(WORDS);
  const named = useNamed();
  const { id, legalHold, retainUntil } = recording;
  const { isBusy, problem, run } = useAction();
  const [isDeleting, setDeleting] = useState(false);
  const change = (wanted: { readonly retainUntil?: string; readonly legalHold?: boolean }): void => {
    run(() => operation.changeRecording(id, wanted), onChanged);
  };
  return (
    <>
      <div className="card-actions account-tools">
        <Field
          type="date"
          label={t('recordings.keepUntil')}
          value={retainUntil?.slice(0, 10) ?? ''}
          onChange={(day) => {
            if (day !== '') change({ retainUntil: `${day}T23:59:59Z` });
          }}
        />
        <Button
          className="button"
          isDisabled={isBusy}
          aria-label={named(t(legalHold ? 'recordings.release' : 'recordings.hold'), when)}
          onPress={() => {
            change({ legalHold: !legalHold });
          }}
        >
          {t(legalHold ? 'recordings.release' : 'recordings.hold')}
        </Button>
        <Button
          className="button"
          isDisabled={legalHold}
          aria-label={named(t('recordings.delete'), when)}
          onPress={() => {
            setDeleting(true);
          }}
        >
          {t('recordings.delete')}
        </Button>
      </div>
      {problem !== null && (
        <p role="alert" className="card-note">
          {problem}
        </p>
      )}
      {isDeleting && (
        <Confirm
          title={t('recordings.confirmTitle', { when })}
          text={t('recordings.confirmText')}
          yes={t('recordings.delete')}
          onYes={async () => {
            await operation.deleteRecording(id);
            onChanged();
          }}
          onClose={() => {
            setDeleting(false);
          }}
        />
      )}
    </>
  );
}
