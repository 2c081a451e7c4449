/** Who may watch: everybody who was there, and single people by name or by the id that they know of themselves. */
import { X } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { USER, type Attendee, type RecordingDetails } from '../../meeting/index.ts';
import { WORDS } from './words.ts';

type Access = RecordingDetails['access'];

interface SharingProps {
  readonly access: Access;
  /** Who was there and signed in. */
  readonly people: readonly Attendee[];
  readonly onChoice: (access: Access) => void;
}

export function Sharing({ access, people, onChoice }: SharingProps): ReactNode {
  const { t } = useTranslation(WORDS);
  return (
    <fieldset className="recordings-sharing">
      <legend>{t('sharing')}</legend>
      <label>
        <input
          type="checkbox"
          checked={access.participants}
          onChange={(event) => {
            onChoice({ ...access, participants: event.target.checked });
          }}
        />
        {t('shareAll')}
      </label>
      {access.users.length > 0 && (
        <ul aria-label={t('sharedWith')}>
          {access.users.map((user) => (
            <li key={user}>
              <span>{labelOf(user, people)}</span>
              <Button
                className="button quiet"
                aria-label={t('unshare', { user: labelOf(user, people) })}
                onPress={() => {
                  onChoice({ ...access, users: access.users.filter((one) => one !== user) });
                }}
              >
                <X aria-hidden />
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Newcomer
        people={people.filter(({ user }) => !access.users.includes(user))}
        find={(text) => find(text, people)}
        onAdd={(user) => {
          if (!access.users.includes(user)) onChoice({ ...access, users: [...access.users, user] });
        }}
      />
    </fieldset>
  );
}

/** The name, with the id where two have the same; the id of whom nobody knows. */
function labelOf(user: string, people: readonly Attendee[]): string {
  const name = people.find((one) => one.user === user)?.name;
  if (name === undefined) return user;
  return people.filter((one) => one.name === name).length > 1 ? `${name} (${user})` : name;
}

function find(text: string, people: readonly Attendee[]): string | undefined {
  if (USER.test(text)) return text;
  const wanted = text.toLocaleLowerCase();
  const found = people.filter(({ user }) => labelOf(user, people).toLocaleLowerCase() === wanted);
  return found.length === 1 ? found[0]?.user : undefined;
}

interface NewcomerProps {
  readonly people: readonly Attendee[];
  readonly find: (text: string) => string | undefined;
  readonly onAdd: (user: string) => void;
}

function Newcomer({ people, find, onAdd }: NewcomerProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const hint = useId();
  const list = useId();
  const [text, setText] = useState('');
  const [isWrong, setWrong] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const user = find(text.trim());
        setWrong(user === undefined);
        if (user === undefined) return;
        setText('');
        onAdd(user);
      }}
    >
      <label>
        {t('person')}
        <input
          type="text"
          list={list}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          value={text}
          aria-invalid={isWrong}
          aria-describedby={hint}
          onChange={(event) => {
            setText(event.target.value);
            setWrong(false);
          }}
        />
      </label>
      <datalist id={list}>
        {people.map(({ user }) => (
          <option key={user} value={labelOf(user, people)} />
        ))}
      </datalist>
      <Button type="submit" className="button">
        {t('share')}
      </Button>
      <p id={hint} role={isWrong ? 'alert' : undefined}>
        {t(isWrong ? 'personWrong' : 'personHint')}
      </p>
    </form>
  );
}
