/** The fields of a meeting that is being scheduled or changed. */
import { useId, useState, type ReactNode } from 'react';
import { Button, Form } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Check, Field, Select } from '../frame/fields.tsx';
import { zoneHere } from '../frame/when.ts';
import type { OwnMeeting, RecordingSetting, Region } from './meetings.ts';
import { problemsOf, type Plan } from './plan.ts';
import { WORDS } from './words.ts';

interface PlanFormProps {
  readonly plan: Plan;
  readonly before: OwnMeeting | null;
  readonly regions: readonly Region[];
  /** What the API said to it. */
  readonly problems: readonly string[];
  readonly isBusy: boolean;
  readonly onChange: (plan: Plan) => void;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
}

export function PlanForm(props: PlanFormProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const { plan, before, onChange, onSubmit, onClose, isBusy } = props;
  /** When it was last handed in: from then on what is wrong is said as one writes. */
  const [triedAt, setTriedAt] = useState<number | null>(null);
  const found = triedAt === null ? {} : problemsOf(plan, triedAt);
  const set = (change: Partial<Plan>): void => {
    onChange({ ...plan, ...change });
  };
  const submit = (): void => {
    const now = Date.now();
    setTriedAt(now);
    if (Object.keys(problemsOf(plan, now)).length === 0) onSubmit();
  };
  return (
    <Form
      className="account-form"
      // What is wrong is said beside the fields, in the language of the page.
      validationBehavior="aria"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Field
        label={t('form.title')}
        value={plan.title}
        maxLength={200}
        onChange={(title) => {
          set({ title });
        }}
      />
      <Times plan={plan} set={set} found={found} />
      <Passcode plan={plan} set={set} found={found} hasPasscode={before?.hasPasscode === true} />
      <Rules {...props} set={set} found={found} />
      {props.problems.length > 0 && (
        <div role="alert" className="form-problem">
          {props.problems.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
        </div>
      )}
      <div className="dialog-actions">
        <Button className="button" onPress={onClose}>
          {t('form.close')}
        </Button>
        <Button className="button primary" type="submit" isDisabled={isBusy}>
          {t(before === null ? 'form.make' : 'form.save')}
        </Button>
      </div>
    </Form>
  );
}

interface PartProps {
  readonly plan: Plan;
  readonly set: (change: Partial<Plan>) => void;
  readonly found: Readonly<Partial<Record<keyof Plan, string>>>;
}

function Times({ plan, set, found }: PartProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const problem = useProblemWords(found);
  const zone = useId();
  return (
    <div className="form-row" role="group" aria-describedby={zone}>
      {(['startsAt', 'endsAt'] as const).map((name) => (
        <Field
          key={name}
          type="datetime-local"
          label={t(`form.${name}`)}
          value={plan[name]}
          problem={problem(name)}
          onChange={(value) => {
            set({ [name]: value });
          }}
        />
      ))}
      <p id={zone} className="form-hint">
        {t('form.zone', { zone: zoneHere() })}
      </p>
    </div>
  );
}

function Passcode({
  plan,
  set,
  found,
  hasPasscode,
}: PartProps & { readonly hasPasscode: boolean }): ReactNode {
  const { t } = useTranslation(WORDS);
  const problem = useProblemWords(found);
  return (
    <>
      {!plan.dropsPasscode && (
        <Field
          label={t('form.passcode')}
          value={plan.passcode}
          autoComplete="off"
          hint={t(hasPasscode ? 'form.passcodeKept' : 'form.passcodeHint')}
          problem={problem('passcode')}
          onChange={(passcode) => {
            set({ passcode });
          }}
        />
      )}
      {hasPasscode && (
        <Check
          label={t('form.dropsPasscode')}
          isOn={plan.dropsPasscode}
          onChange={(dropsPasscode) => {
            set({ dropsPasscode });
          }}
        />
      )}
    </>
  );
}

const RECORDING: readonly RecordingSetting[] = ['off', 'allowed', 'automatic'];

function Rules({ plan, set, found, before, regions }: PartProps & PlanFormProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const problem = useProblemWords(found);
  return (
    <>
      {(['waitingRoom', 'guests'] as const).map((name) => (
        <Check
          key={name}
          label={t(`form.${name}`)}
          isOn={plan[name]}
          onChange={(isOn) => {
            set({ [name]: isOn });
          }}
        />
      ))}
      <div className="form-row">
        <Select
          label={t('form.recording')}
          value={plan.recording}
          options={RECORDING.map((id) => ({ id, name: t(`form.recordings.${id}`) }))}
          onChange={(recording) => {
            set({ recording: recording as RecordingSetting });
          }}
        />
        <Field
          label={t('form.maxParticipants')}
          value={plan.maxParticipants}
          inputMode="numeric"
          problem={problem('maxParticipants')}
          onChange={(maxParticipants) => {
            set({ maxParticipants: maxParticipants.trim() });
          }}
        />
      </div>
      {before === null && regions.length > 1 && (
        <Select
          label={t('form.region')}
          value={plan.region}
          options={[{ id: '', name: t('form.anyRegion') }, ...regions.map(({ id }) => ({ id, name: id }))]}
          onChange={(region) => {
            set({ region });
          }}
        />
      )}
    </>
  );
}

function useProblemWords(found: PartProps['found']): (name: keyof Plan) => string | null {
  const { t } = useTranslation(WORDS);
  return (name) => {
    const key = found[name];
    return key === undefined ? null : t(`problem.${key}`);
  };
}
