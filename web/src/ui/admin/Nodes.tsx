/** The media nodes with how full they are; and letting one run empty. */
import { useState, type ReactNode } from 'react';
import { Button, Form } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { PageDialog } from '../components/MeetingDialog.tsx';
import { Select } from '../frame/fields.tsx';
import { Listed } from '../frame/Listed.tsx';
import { useNamed } from '../frame/named.ts';
import { lengthOf, momentOf } from '../frame/when.ts';
import { always, usePolled } from '../usePolled.ts';
import type { MediaNode, Operation } from './operation.ts';
import { useAction } from './useAction.ts';
import { WORDS } from './words.ts';

export function Nodes({ operation }: { readonly operation: Operation }): ReactNode {
  const { t } = useTranslation(WORDS);
  const polled = usePolled(operation.nodes, always);
  // How many meetings a node had when it was asked here to drain: what its progress is counted from.
  const [drains, setDrains] = useState<Readonly<Record<string, number>>>({});
  const [draining, setDraining] = useState<MediaNode | null>(null);
  return (
    <>
      <Listed polled={polled} empty={t('nodes.none')} onMore={() => undefined}>
        {(nodes) => (
          <ul className="card-list">
            {nodes.map((node) => (
              <Row
                key={node.id}
                node={node}
                meetingsAtFirst={drains[node.id] ?? 0}
                operation={operation}
                onDrain={setDraining}
                onChanged={polled.again}
              />
            ))}
          </ul>
        )}
      </Listed>
      {draining !== null && (
        <DrainDialog
          node={draining}
          operation={operation}
          onDone={() => {
            setDrains({ ...drains, [draining.id]: draining.meetings });
            polled.again();
          }}
          onClose={() => {
            setDraining(null);
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  readonly node: MediaNode;
  readonly meetingsAtFirst: number;
  readonly operation: Operation;
  readonly onDrain: (node: MediaNode) => void;
  readonly onChanged: () => void;
}

const MARK_BY_STATE = { ready: '', draining: 'is-warning', drained: 'is-warning', lost: 'is-bad' } as const;

function Row({ node, meetingsAtFirst, operation, onDrain, onChanged }: RowProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const named = useNamed();
  const { isBusy, problem, run } = useAction();
  const isLeaving = node.state === 'draining' || node.state === 'drained';
  return (
    <li className="card" aria-label={node.id}>
      <div className="card-words">
        <h3 className="code">{node.id}</h3>
        <p className="card-facts">
          <span className={`mark ${MARK_BY_STATE[node.state]}`}>{t(`nodes.state.${node.state}`)}</span>
          <span>{[node.region, node.zone].filter((part) => part !== null).join(' · ')}</span>
          <bdi>{t('nodes.meetings', { count: node.meetings })}</bdi>
          <bdi>{t('nodes.cpu', { percent: Math.round(node.cpuBusy * 100) })}</bdi>
          <bdi>{t('nodes.report', { time: momentOf(node.lastReportAt, i18n.language) })}</bdi>
        </p>
      </div>
      <div className="card-actions">
        {isLeaving ? (
          <Button
            className="button"
            isDisabled={isBusy}
            aria-label={named(t('nodes.undrain'), node.id)}
            onPress={() => {
              run(() => operation.undrain(node.id), onChanged);
            }}
          >
            {t('nodes.undrain')}
          </Button>
        ) : (
          <Button
            className="button"
            isDisabled={node.state === 'lost'}
            aria-label={named(t('nodes.drain'), node.id)}
            onPress={() => {
              onDrain(node);
            }}
          >
            {t('nodes.drain')}
          </Button>
        )}
      </div>
      <Load node={node} />
      {isLeaving && <Leaving node={node} meetingsAtFirst={meetingsAtFirst} />}
      {problem !== null && (
        <p role="alert" className="card-note">
          {problem}
        </p>
      )}
    </li>
  );
}

/** What it carries, and what is set aside for its meetings besides, of all that it can. */
function Load({ node }: { readonly node: MediaNode }): ReactNode {
  const { t } = useTranslation(WORDS);
  const used = Math.max(node.usedUnits, node.reservedUnits);
  const percent = node.capacityUnits === 0 ? 0 : Math.round((100 * used) / node.capacityUnits);
  const label = t('nodes.load', { used, capacity: node.capacityUnits, percent });
  return (
    <div className="meter-row">
      <meter
        min={0}
        max={100}
        low={70}
        high={90}
        optimum={0}
        value={percent}
        aria-label={t('nodes.loadName')}
      />
      <bdi>{label}</bdi>
    </div>
  );
}

function Leaving(props: { readonly node: MediaNode; readonly meetingsAtFirst: number }): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const { node, meetingsAtFirst } = props;
  const { drainUntil } = node;
  return (
    <div className="meter-row">
      {meetingsAtFirst > 0 && (
        <progress
          max={meetingsAtFirst}
          value={Math.max(0, meetingsAtFirst - node.meetings)}
          aria-label={t('nodes.progress')}
        />
      )}
      <bdi role="status">
        {node.state === 'drained' ? t('nodes.isEmpty') : t('nodes.left', { count: node.meetings })}
        {node.state === 'draining' &&
          drainUntil !== null &&
          ` ${t('nodes.until', { time: momentOf(drainUntil, i18n.language) })}`}
      </bdi>
    </div>
  );
}

/** Minutes that meetings may go on there; `null` as long as they like. */
const DEADLINES: readonly (number | null)[] = [null, 0, 10, 60, 24 * 60];

interface DrainDialogProps {
  readonly node: MediaNode;
  readonly operation: Operation;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function DrainDialog({ node, operation, onDone, onClose }: DrainDialogProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const [chosen, setChosen] = useState('0');
  const { isBusy, problem, run } = useAction();
  const name = (minutes: number | null): string => {
    if (minutes === null) return t('nodes.deadlines.never');
    return minutes === 0 ? t('nodes.deadlines.now') : lengthOf(minutes, i18n.language);
  };
  const submit = (): void => {
    const minutes = DEADLINES[Number(chosen)] ?? null;
    const seconds = minutes === null ? null : minutes * 60;
    run(
      () => operation.drain(node.id, seconds),
      () => {
        onDone();
        onClose();
      },
    );
  };
  return (
    <PageDialog title={t('nodes.drainTitle')} onClose={onClose}>
      <Form
        className="account-form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <p>{t('nodes.drainText', { count: node.meetings })}</p>
        <Select
          label={t('nodes.deadline')}
          value={chosen}
          options={DEADLINES.map((minutes, index) => ({ id: String(index), name: name(minutes) }))}
          onChange={setChosen}
        />
        {problem !== null && <p role="alert">{problem}</p>}
        <div className="dialog-actions">
          <Button className="button" onPress={onClose}>
            {t('cancel')}
          </Button>
          <Button className="button primary" type="submit" isDisabled={isBusy}>
            {t('nodes.drain')}
          </Button>
        </div>
      </Form>
    </PageDialog>
  );
}
