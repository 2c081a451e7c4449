/** Routes to a page. */
import { useEffect, useState, type ReactNode } from 'react';
import { Api, Recordings, SignIn, createMeeting, tabStorage } from '../meeting/index.ts';
import { takePlace, type Account } from './frame/account.ts';
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

export function App(): ReactNode {
  const [route, setRoute] = useState<Route>(() =>
    parseRoute(location.pathname, location.search, location.hash),
  );
  const [visit, setVisit] = useState(0);

  useEffect(() => {
    const handle = (): void => {
      setRoute(parseRoute(location.pathname, location.search, location.hash));
    };
    addEventListener('popstate', handle);
    return () => {
      removeEventListener('popstate', handle);
    };
  }, []);

  const navigate = (next: Route): void => {
    history.pushState(null, '', pathOf(next));
    setRoute(next);
  };

  if (route.kind === 'signIn') {
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
  const around = { account, onGo: navigate };
  if (route.kind === 'meetings') return <MyMeetingsPage {...around} open={route.open ?? null} />;
  if (route.kind === 'recordings') return <RecordingsPage {...around} recordings={recordings} />;
  if (route.kind === 'recording') return <RecordingPage {...around} recordings={recordings} id={route.id} />;
  if (route.kind === 'watch')
    return (
      <WatchPage id={route.id} secret={route.secret} apiUrl={API_URL} onGo={navigate} key={route.secret} />
    );
  if (route.kind === 'settings') return <SettingsPage {...around} />;
  if (route.kind === 'admin') return <AdminPage {...around} part={route.part} />;
  if (route.kind === 'test') {
    const { from } = route;
    return (
      <ConnectionTestPage
        apiUrl={API_URL}
        onHome={() => {
          navigate({ kind: 'start' });
        }}
        onBack={
          from === undefined
            ? undefined
            : () => {
                navigate({ kind: 'meeting', code: from });
              }
        }
      />
    );
  }
  if (route.kind === 'start')
    return (
      <StartPage
        signIn={signIn}
        onNew={async () => (await createMeeting(API_URL, accessToken)).code}
        onCode={(code) => {
          navigate({ kind: 'meeting', code });
        }}
        onGo={navigate}
      />
    );
  return (
    <Visit
      key={`${route.code} ${String(visit)}`}
      code={route.code}
      apiUrl={API_URL}
      accessToken={accessToken}
      onAgain={() => {
        setVisit(visit + 1);
      }}
      onHome={() => {
        navigate({ kind: 'start' });
      }}
      onGo={navigate}
    />
  );
}
