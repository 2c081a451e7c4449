/** Routes to a page. */
import { useEffect, useState, type ReactNode } from 'react';
import { Api, Recordings, SignIn, createMeeting, tabStorage } from '../meeting/index.ts';
import { fetchMe, takePlace, type Account } from './frame/account.ts';
import { SignInPage } from './pages/SignInPage.tsx';
import { StartPage } from './pages/StartPage.tsx';
import { lazyPart } from './lazyPart.tsx';
import { parseRoute, pathOf, type Route } from './route.ts';
import { Visit } from './Visit.tsx';

const API_URL = '/v1';
const RecordingsPage = lazyPart(async () => ({
  default: (await import('./recordings/RecordingsPage.tsx')).RecordingsPage,
}));
const RecordingPage = lazyPart(async () => ({
  default: (await import('./recordings/RecordingPage.tsx')).RecordingPage,
}));
const WatchPage = lazyPart(async () => ({
  default: (await import('./recordings/WatchPage.tsx')).WatchPage,
}));
const MyMeetingsPage = lazyPart(async () => ({
  default: (await import('./own/MyMeetingsPage.tsx')).MyMeetingsPage,
}));
const SettingsPage = lazyPart(async () => ({
  default: (await import('./own/SettingsPage.tsx')).SettingsPage,
}));
const AdminPage = lazyPart(async () => ({ default: (await import('./admin/AdminPage.tsx')).AdminPage }));
const ConnectionTestPage = lazyPart(async () => ({
  default: (await import('./network/ConnectionTestPage.tsx')).ConnectionTestPage,
}));
const signIn = new SignIn({
  apiUrl: API_URL,
  origin: location.origin,
  storage: tabStorage(),
  goTo: (url) => {
    location.assign(url);
  },
});
const accessToken = (): Promise<string | null> => signIn.token();
const recordings = new Recordings({ apiUrl: API_URL, accessToken });
const account: Account = { signIn, api: new Api({ apiUrl: API_URL, accessToken }) };
const accountName = async (): Promise<string | null> => (await fetchMe(account))?.name ?? null;

export function App(): ReactNode {
  const [route, setRoute] = useRoute();
  const navigate = (next: Route): void => {
    // The site around may show meetings and nothing else.
    if (window.parent !== window && next.kind !== 'meeting') {
      window.open(pathOf(next), '_blank', 'noopener');
      return;
    }
    history.pushState(null, '', pathOf(next));
    setRoute(next);
  };
  if (route.kind !== 'signIn') return <Page route={route} onGo={navigate} />;
  return (
    <SignInPage
      signIn={signIn}
      onDone={() => {
        // The code in the address was used: going back must not bring it again.
        const place = takePlace();
        history.replaceState(null, '', place);
        setRoute(parseRoute(place));
      }}
    />
  );
}

/** Follows the browser's own way back and forth. */
function useRoute(): [Route, (route: Route) => void] {
  const [route, setRoute] = useState<Route>(() =>
    parseRoute(location.pathname, location.search, location.hash),
  );
  useEffect(() => {
    const handle = (): void => {
      setRoute(parseRoute(location.pathname, location.search, location.hash));
    };
    addEventListener('popstate', handle);
    return () => {
      removeEventListener('popstate', handle);
    };
  }, []);
  return [route, setRoute];
}

interface PageProps {
  readonly route: Exclude<Route, { kind: 'signIn' }>;
  readonly onGo: (route: Route) => void;
}

function Page({ route, onGo }: PageProps): ReactNode {
  const around = { account, onGo };
  const goHome = (): void => {
    onGo({ kind: 'start' });
  };
  const goTo = (code: string): void => {
    onGo({ kind: 'meeting', code });
  };
  switch (route.kind) {
    case 'meetings':
      return <MyMeetingsPage {...around} open={route.open ?? null} />;
    case 'recordings':
      return <RecordingsPage {...around} recordings={recordings} />;
    case 'recording':
      return <RecordingPage {...around} recordings={recordings} id={route.id} />;
    case 'watch': {
      const { id, secret } = route;
      return <WatchPage id={id} secret={secret} apiUrl={API_URL} onGo={onGo} key={secret} />;
    }
    case 'settings':
      return <SettingsPage {...around} />;
    case 'admin':
      return <AdminPage {...around} part={route.part} />;
    case 'test': {
      const { from } = route;
      const goBack =
        from === undefined
          ? undefined
          : () => {
              goTo(from);
            };
      return <ConnectionTestPage apiUrl={API_URL} onHome={goHome} onBack={goBack} />;
    }
    case 'start': {
      const make = async () => (await createMeeting(API_URL, accessToken)).code;
      return <StartPage signIn={signIn} onNew={make} onCode={goTo} onGo={onGo} />;
    }
    case 'meeting':
      return <Visits code={route.code} onHome={goHome} onGo={onGo} />;
  }
}

interface VisitsProps {
  readonly code: string;
  readonly onHome: () => void;
  readonly onGo: (route: Route) => void;
}

/** One visit to a meeting after the other. */
function Visits({ code, onHome, onGo }: VisitsProps): ReactNode {
  const [visit, setVisit] = useState(0);
  return (
    <Visit
      key={`${code} ${String(visit)}`}
      code={code}
      apiUrl={API_URL}
      accessToken={accessToken}
      accountName={accountName}
      onAgain={() => {
        setVisit(visit + 1);
      }}
      onHome={onHome}
      onGo={onGo}
    />
  );
}
