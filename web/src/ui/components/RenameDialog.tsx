import { useEffect, useState, type ReactNode } from 'react';
import { Button, FieldError, Form, Input, Label, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, ParticipantSnapshot } from '../../meeting/index.ts';
import { LIVE } from '../live/words.ts';
import { nameProblem, useRenaming } from '../renaming.ts';
import { useSession } from '../session.ts';
import { useSelected } from '../useSnapshot.ts';
import { PageDialog } from './MeetingDialog.tsx';

/** As many letters as at the door. */
const MAX_LETTERS = 80;

/** Gone with the person whose name it is about. */
export default function RenameDialog({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const whom = useRenaming((renaming) => renaming.whom);
  const ask = useRenaming((renaming) => renaming.ask);
  const person = useSelected(meeting, ({ participants }) => participants.find(({ id }) => id === whom));
  const isGone = whom !== null && person === undefined;
  useEffect(() => {
    if (isGone) ask(null);
  }, [isGone, ask]);
  useEffect(
    () => () => {
      ask(null);
    },
    [ask],
  );
  return person === undefined ? null : <NameForm key={person.id} meeting={meeting} person={person} />;
}

interface NameFormProps {
  readonly meeting: MeetingClient;
  readonly person: ParticipantSnapshot;
}

type Standing = 'writing' | 'missing' | 'unreadable' | 'saving' | 'failed';

function NameForm({ meeting, person }: NameFormProps): ReactNode {
  const { t } = useTranslation();
  const { t: live } = useTranslation(LIVE);
  const ask = useRenaming((renaming) => renaming.ask);
  const setOwnName = useSession(({ setDisplayName }) => setDisplayName);
  const [name, setName] = useState(person.displayName);
  const [standing, setStanding] = useState<Standing>('writing');
  const close = (): void => {
    if (useRenaming.getState().whom === person.id) ask(null);
  };
  const save = async (): Promise<void> => {
    const wanted = name.trim();
    const problem = nameProblem(wanted);
    if (problem !== null || standing === 'saving') {
      if (problem !== null) setStanding(problem);
      return;
    }
    setStanding('saving');
    try {
      if (wanted !== person.displayName) await meeting.hosting.rename(person.id, wanted);
    } catch {
      setStanding('failed');
      return;
    }
    if (person.isSelf) setOwnName(wanted);
    close();
  };
  const title = person.isSelf ? live('rename.self') : live('rename.title', { name: person.displayName });
  return (
    <PageDialog title={title} onClose={close}>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextField
          className="field"
          value={name}
          onChange={(written) => {
            setName(written);
            setStanding('writing');
          }}
          isInvalid={standing === 'missing' || standing === 'unreadable'}
          maxLength={MAX_LETTERS}
          autoFocus
        >
          <Label>{live('rename.label')}</Label>
          <Input autoComplete="off" dir="auto" />
          <FieldError>
            {standing === 'missing' ? t('join.nameMissing') : live('rename.unreadable')}
          </FieldError>
        </TextField>
        {standing === 'failed' && <p role="alert">{live('rename.failed')}</p>}
        <div className="dialog-actions">
          <Button slot="close" className="button">
            {live('rename.keep')}
          </Button>
          <Button type="submit" className="button primary" isPending={standing === 'saving'}>
            {live('rename.save')}
          </Button>
        </div>
      </Form>
    </PageDialog>
  );
}
