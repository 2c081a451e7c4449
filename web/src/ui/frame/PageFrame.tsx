import '../styles/account.css';
import '../styles/dialogs.css';
/** What the pages of somebody who signed in have in common: head, ways to the other pages, and the door. */
import { LogIn } from 'lucide-react';
import { useCallback, useEffect, useRef, useState, type ReactNode, type RefObject } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Wordmark } from '../components/Wordmark.tsx';
import type { Route } from '../route.ts';
import { never, usePolled } from '../usePolled.ts';
import { useTitle } from '../useTitle.ts';
import { fetchMe, rememberPlace, type Account, type Me } from './account.ts';
import { Notice } from './Notice.tsx';
import { PageLink } from './PageLink.tsx';
import { WORDS } from './words.ts';

export interface Around {
  readonly account: Account;
  readonly onGo: (route: Route) => void;
}

interface PageFrameProps extends Around {
  readonly title: string;
  readonly current: Route['kind'];
  /** Beside the heading. */
  readonly aside?: ReactNode;
  readonly children: (me: Me, onMe: (me: Me) => void) => ReactNode;
}

export function PageFrame({ account, onGo, title, current, aside, children }: PageFrameProps): ReactNode {
  const { t } = useTranslation(WORDS);
  useTitle(title);
  const heading = useFocusOnArrival();
  const ask = useCallback(() => fetchMe(account), [account]);
  const { asked, again, put } = usePolled(ask, never);
  const me = asked.kind === 'known' ? asked.value : null;
  const isNobody = asked.kind === 'known' || (asked.kind === 'failed' && asked.status === 401);
  return (
    <div className="account">
      <header className="account-head">
        <PageLink to={{ kind: 'start' }} onGo={onGo} className="account-brand" label={t('home')}>
          <Wordmark />
        </PageLink>
        {me !== null && <Ways current={current} onGo={onGo} isOperator={me.operator === true} />}
      </header>
      <main className="account-main">
        <div className="account-title">
          <h1 ref={heading} tabIndex={-1}>
            <bdi>{title}</bdi>
          </h1>
          {me !== null && aside}
        </div>
        {asked.kind === 'asking' && <p role="status">{t('loading')}</p>}
        {me !== null && children(me, put)}
        {me === null && isNobody && <Door account={account} />}
        {asked.kind === 'failed' && !isNobody && <Notice status={asked.status} onRetry={again} />}
      </main>
    </div>
  );
}

/** Where a click led to another page, what reads the page aloud begins at its heading. */
function useFocusOnArrival(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus();
  }, []);
  return heading;
}

const WAYS = ['meetings', 'recordings', 'settings', 'admin'] as const;

function Ways(props: {
  readonly current: Route['kind'];
  readonly onGo: (route: Route) => void;
  readonly isOperator: boolean;
}): ReactNode {
  const { t } = useTranslation(WORDS);
  return (
    <nav aria-label={t('ways')} className="account-ways">
      {WAYS.filter((way) => way !== 'admin' || props.isOperator).map((way) => (
        <PageLink
          key={way}
          to={way === 'admin' ? { kind: 'admin', part: 'meetings' } : { kind: way }}
          onGo={props.onGo}
          isCurrent={way === props.current}
        >
          {t(`to.${way}`)}
        </PageLink>
      ))}
    </nav>
  );
}

/** For who has not signed in, and for who no longer is: it leads back here. */
export function Door({ account }: { readonly account: Account }): ReactNode {
  const { t } = useTranslation(WORDS);
  const [isFailed, setFailed] = useState(false);
  const begin = (): void => {
    rememberPlace(location.pathname);
    account.signIn.begin().catch(() => {
      setFailed(true);
    });
  };
  return (
    <div className="account-notice">
      <p>{t('signIn')}</p>
      <Button className="button primary" onPress={begin}>
        <LogIn aria-hidden /> {t('signInNow')}
      </Button>
      {isFailed && <p role="alert">{t('signInFailed')}</p>}
    </div>
  );
}
