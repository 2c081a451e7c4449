/** Where the issuer sends people back to: takes its answer, and goes on to the start page. */
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { SignIn } from '../../meeting/index.ts';
import { Wordmark } from '../components/Wordmark.tsx';

interface SignInPageProps {
  readonly signIn: SignIn;
  readonly onDone: () => void;
}

export function SignInPage({ signIn, onDone }: SignInPageProps): ReactNode {
  const { t } = useTranslation();
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    signIn.complete(new URLSearchParams(location.search)).then(onDone, () => {
      setFailed(true);
    });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- An answer is taken once, whoever renders again.
  }, [signIn]);
  return (
    <main className="notice">
      <Wordmark />
      <p role={isFailed ? 'alert' : 'status'}>{t(isFailed ? 'signIn.failed' : 'signIn.working')}</p>
      {isFailed && (
        <Button className="button primary" onPress={onDone}>
          {t('signIn.home')}
        </Button>
      )}
    </main>
  );
}
