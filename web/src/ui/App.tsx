/** Routes to a page, and owns what lives as long as one visit to a meeting: capture and the meeting itself. */
import { Suspense, useEffect, useState, type ReactNode } from 'react';
import {
  Api,
  LocalMedia,
  Meeting,
  Recordings,
  SignIn,
  tabStorage,
  createMeeting,
  type LocalMediaClient,
  type MeetingClient,
} from '../meeting/index.ts';
import { DeviceSelect } from './components/DevicePicker.tsx';
import { takePlace, type Account } from './frame/account.ts';
import { JoinPage } from './pages/JoinPage.tsx';
import { LeftPage } from './pages/LeftPage.tsx';
import { NoticePage } from './pages/NoticePage.tsx';
import { SignInPage } from './pages/SignInPage.tsx';
import { StartPage } from './pages/StartPage.tsx';
import { lazyPart } from './lazyPart.tsx';
import { parseRoute, pathOf, type Route } from './route.ts';
import { useSnapshot } from './useSnapshot.ts';
import { whenIdle } from './whenIdle.ts';

const API_URL = '/v1';
const MeetingPage = lazyPart(async () => ({
  default: (await import('./pages/MeetingPage.tsx')).MeetingPage,
}));
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

/** What is wanted next at the door, so that it is there at the click. */
function loadNext(): void {
  for (const part of [MeetingPage, DeviceSelect]) void part.load();
}

interface VisitProps {
  readonly code: string;
  readonly onAgain: () => void;
  readonly onHome: () => void;
  readonly onGo: (route: Route) => void;
}

interface Held {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
}

/** Made in an effect, so that what a discarded render made does not hold devices open. */
function Visit(props: VisitProps): ReactNode {
  const [held, setHeld] = useState<Held | null>(null);
  useEffect(() => {
    const made = {
      meeting: new Meeting({ apiUrl: API_URL, accessToken, adapts: true }),
      media: new LocalMedia(),
    };
    // eslint-disable-next-line react-hooks/set-state-in-effect -- An outside resource becomes state once, on mount.
    setHeld(made);
    const stopLoading = whenIdle(loadNext);
    return () => {
      stopLoading();
      void made.meeting.leave();
      made.media.close();
    };
  }, []);
  return held === null ? null : <Pages {...props} {...held} />;
}

function Pages({ code, meeting, media, onAgain, onHome, onGo }: VisitProps & Held): ReactNode {
  const { state } = useSnapshot(meeting);
  switch (state.kind) {
    case 'idle':
    case 'joining':
    case 'waiting':
      return (
        <JoinPage code={code} meeting={meeting} media={media} onHome={onHome} onGo={onGo} apiUrl={API_URL} />
      );
    case 'connected':
    case 'reconnecting':
      return (
        <Suspense fallback={null}>
          <MeetingPage code={code} meeting={meeting} media={media} />
        </Suspense>
      );
    case 'ended':
      return <LeftPage reason={state.reason} media={media} onAgain={onAgain} onHome={onHome} />;
    case 'failed':
      return <NoticePage code={state.error.code} onRetry={onAgain} onHome={onHome} />;
  }
}
