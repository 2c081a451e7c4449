/** Makes a meeting for later, or changes one: refused changes and those of somebody else meanwhile are said plainly. */
import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../meeting/index.ts';
import { PageDialog } from '../components/MeetingDialog.tsx';
import { Notice, useFailureWords } from '../frame/Notice.tsx';
import { never, usePolled } from '../usePolled.ts';
import { rememberPasscode } from './invitation.ts';
import type { MeetingWishes, OwnMeetings, ReadMeeting, Region } from './meetings.ts';
import { changesOf, disputesOf, newPlan, planOf, wishesOf, type Plan } from './plan.ts';
import { PlanForm } from './PlanForm.tsx';
import { WORDS } from './words.ts';

interface ScheduleDialogProps {
  readonly meetings: OwnMeetings;
  /** Null for a new one. */
  readonly id: string | null;
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}

interface Known {
  readonly read: ReadMeeting | null;
  readonly regions: readonly Region[];
}

export function ScheduleDialog(props: ScheduleDialogProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const { meetings, id, onClose } = props;
  const ask = useCallback(async (): Promise<Known> => {
    const [read, regions] = await Promise.all([id === null ? null : meetings.read(id), meetings.regions()]);
    return { read, regions };
  }, [meetings, id]);
  const { asked, again } = usePolled(ask, never);
  return (
    <PageDialog title={t(id === null ? 'form.new' : 'form.change')} onClose={onClose}>
      {asked.kind === 'asking' && <p role="status">{t('form.loading')}</p>}
      {asked.kind === 'failed' && <Notice status={asked.status} onRetry={again} />}
      {asked.kind === 'known' && <Filling {...props} known={asked.value} />}
    </PageDialog>
  );
}

function Filling({
  meetings,
  known,
  onDone,
  onClose,
}: ScheduleDialogProps & { readonly known: Known }): ReactNode {
  const { t } = useTranslation(WORDS);
  const failureWords = useFailureWords();
  const [read, setRead] = useState(known.read);
  const [plan, setPlan] = useState<Plan>(() =>
    known.read === null ? newPlan(Date.now()) : planOf(known.read.meeting),
  );
  const [problem, setProblem] = useState<readonly string[]>([]);
  const [isBusy, setBusy] = useState(false);

  const save = async (): Promise<void> => {
    const done = await (read === null ? made(meetings, plan) : changed(meetings, plan, read));
    if (done.kind === 'disputed') {
      setRead(done.now);
      setProblem([
        t('form.conflict', { fields: done.fields.map((field) => t(`form.${field}`)).join(', ') }),
        t('form.conflictAgain'),
      ]);
      return;
    }
    onDone(t(read === null ? 'form.made' : 'form.saved'));
    onClose();
  };
  const submit = (): void => {
    setBusy(true);
    setProblem([]);
    save()
      .catch((error: unknown) => {
        const fields = error instanceof ApiError ? error.fields.map(({ detail }) => detail) : [];
        setProblem(fields.length > 0 ? fields : [failureWords(error)]);
      })
      .finally(() => {
        setBusy(false);
      });
  };
  return (
    <PlanForm
      plan={plan}
      before={read?.meeting ?? null}
      regions={known.regions}
      problems={problem}
      isBusy={isBusy}
      onChange={setPlan}
      onSubmit={submit}
      onClose={onClose}
    />
  );
}

type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'disputed'; readonly fields: readonly string[]; readonly now: ReadMeeting };

async function made(meetings: OwnMeetings, plan: Plan): Promise<Outcome> {
  const wishes = wishesOf(plan);
  const meeting = await meetings.create(wishes);
  rememberPasscode(meeting.id, wishes.passcode);
  return { kind: 'done' };
}

/** Tries once more where what changed meanwhile, as who is there, is not what is to change. */
async function changed(meetings: OwnMeetings, plan: Plan, read: ReadMeeting): Promise<Outcome> {
  const changes = changesOf(plan, read.meeting);
  if (Object.keys(changes).length === 0) return { kind: 'done' };
  const { id } = read.meeting;
  try {
    await apply(meetings, id, changes, read.tag);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'precondition_failed') throw error;
    const now = await meetings.read(id);
    const fields = disputesOf(changes, read.meeting, now.meeting);
    if (fields.length > 0) return { kind: 'disputed', fields, now };
    await apply(meetings, id, changes, now.tag);
  }
  return { kind: 'done' };
}

async function apply(
  meetings: OwnMeetings,
  id: string,
  changes: MeetingWishes,
  tag: string | null,
): Promise<void> {
  await meetings.change(id, changes, tag);
  rememberPasscode(id, changes.passcode);
}
