/** Who may watch: everybody who was there, and single people by the ids that they know of themselves. */
import { X } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails } from '../../meeting/index.ts';
import { WORDS } from './words.ts';

type Access = RecordingDetails['access'];

/** As the API tells it of whoever signed in. */
const PERSON = /^usr_[a-z2-7]{26}$/;

interface SharingProps {
  readonly access: Access;
  readonly onChoice: (access: Access) => void;
}

export function Sharing({ access, onChoice }: SharingProps): ReactNode {
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
              <span>{user}</span>
              <Button
                className="button quiet"
                aria-label={t('unshare', { user })}
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
        onAdd={(user) => {
          if (!access.users.includes(user)) onChoice({ ...access, users: [...access.users, user] });
        }}
      />
    </fieldset>
  );
}

function Newcomer({ onAdd }: { readonly onAdd: (user: string) => void }): ReactNode {
  const { t } = useTranslation(WORDS);
  const hint = useId();
  const [text, setText] = useState('');
  const [isWrong, setWrong] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const user = text.trim();
        setWrong(!PERSON.test(user));
        if (!PERSON.test(user)) return;
        setText('');
        onAdd(user);
      }}
    >
      <label>
        {t('person')}
        <input
          type="text"
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
      <Button type="submit" className="button">
        {t('share')}
      </Button>
      <p id={hint} role={isWrong ? 'alert' : undefined}>
        {t(isWrong ? 'personWrong' : 'personHint')}
      </p>
    </form>
  );
}
