/** How a meeting comes to be: by somebody who signed in, or by a server with a key. */
import { LogIn, Plus } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { PageLink } from '../frame/PageLink.tsx';
import { WORDS } from '../recordings/words.ts';
import type { Route } from '../route.ts';
import { useSession } from '../session.ts';
import type { SignIn } from '../../meeting/index.ts';

interface NewMeetingProps {
  readonly onCode: (code: string) => void;
  readonly signIn?: SignIn;
  readonly onNew?: () => Promise<string>;
  readonly onGo?: (route: Route) => void;
}

/** Who is there: nobody can sign in, somebody could, somebody has. */
type Person =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'signedIn'; readonly name: string | null };

export function NewMeeting({ onCode, signIn, onNew, onGo }: NewMeetingProps): ReactNode {
  const { t } = useTranslation();
  const [person, setPerson] = usePerson(signIn);
  const [isFailed, setFailed] = useState(false);

  if (signIn === undefined || onNew === undefined || onGo === undefined || person.kind === 'unknown') {
    return (
      <details className="new-meeting">
        <summary>{t('start.newTitle')}</summary>
        <p>{t('start.newText')}</p>
      </details>
    );
  }
  const attempt = (work: Promise<void>): void => {
    setFailed(false);
    work.catch(() => {
      setFailed(true);
      if (!signIn.isSignedIn()) setPerson({ kind: 'nobody' });
    });
  };
  return (
    <div className="new-meeting own-meetings">
      {person.kind === 'nobody' ? (
        <Button
          className="button"
          onPress={() => {
            attempt(signIn.begin());
          }}
        >
          <LogIn aria-hidden /> {t('start.signIn')}
        </Button>
      ) : (
        <>
          <Button
            className="button primary"
            onPress={() => {
              attempt(onNew().then(onCode));
            }}
          >
            <Plus aria-hidden /> {t('start.new')}
          </Button>
          <p>
            {person.name === null ? t('start.signedInUnnamed') : t('start.signedIn', { name: person.name })}
          </p>
          <div className="own-links">
            <PageLink to={{ kind: 'meetings' }} onGo={onGo} className="button quiet">
              {t('start.meetings')}
            </PageLink>
            <PageLink to={{ kind: 'recordings' }} onGo={onGo} className="button quiet">
              {t('title', { ns: WORDS })}
            </PageLink>
            <Button
              className="button quiet"
              onPress={() => {
                signIn.end();
                useSession.getState().forgetGivenNames();
                setPerson({ kind: 'nobody' });
              }}
            >
              {t('start.signOut')}
            </Button>
          </div>
        </>
      )}
      {isFailed && <p role="alert">{t('start.newFailed')}</p>}
    </div>
  );
}

function usePerson(signIn: SignIn | undefined): [Person, (person: Person) => void] {
  const [person, setPerson] = useState<Person>({ kind: 'unknown' });
  useEffect(() => {
    if (signIn === undefined) return;
    let isCurrent = true;
    whoIsThere(signIn).then(
      (found) => {
        if (isCurrent) setPerson(found);
      },
      () => {
        // Without an answer the page says how meetings are made by servers, as before.
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [signIn]);
  return [person, setPerson];
}

async function whoIsThere(signIn: SignIn): Promise<Person> {
  if ((await signIn.token()) !== null) return { kind: 'signedIn', name: await signIn.fetchName() };
  return (await signIn.isOffered()) ? { kind: 'nobody' } : { kind: 'unknown' };
}
