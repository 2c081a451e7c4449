/** One visit to a meeting: owns capture and the meeting itself, and shows the page that its state calls for. */
import { Activity, Suspense, useEffect, useState, type ReactNode } from 'react';
import {
  LocalMedia,
  Meeting,
  canConnect,
  type LocalMediaClient,
  type MeetingClient,
} from '../meeting/index.ts';
import { DeviceSelect } from './components/DevicePicker.tsx';
import { lazyPart } from './lazyPart.tsx';
import { JoinPage } from './pages/JoinPage.tsx';
import { LeftPage } from './pages/LeftPage.tsx';
import { NoticePage } from './pages/NoticePage.tsx';
import type { Route } from './route.ts';
import { useSelected } from './useSnapshot.ts';
import { whenIdle } from './whenIdle.ts';

const MeetingPage = lazyPart(async () => ({
  default: (await import('./pages/MeetingPage.tsx')).MeetingPage,
}));

interface VisitProps {
  readonly code: string;
  readonly apiUrl: string;
  readonly accessToken: () => Promise<string | null>;
  readonly onAgain: () => void;
  readonly onHome: () => void;
  readonly onGo: (route: Route) => void;
  readonly accountName?: () => Promise<string | null>;
}

interface Held {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
}

/** Nobody is asked for a camera where there can be no meeting. */
export function Visit(props: VisitProps): ReactNode {
  if (canConnect()) return <Begun {...props} />;
  return <NoticePage code="browser_unsupported" onRetry={props.onAgain} onHome={props.onHome} />;
}

/** Made in an effect, so that what a discarded render made does not hold devices open. */
function Begun(props: VisitProps): ReactNode {
  const { apiUrl, accessToken } = props;
  const [held, setHeld] = useState<Held | null>(null);
  useEffect(() => {
    const made = {
      meeting: new Meeting({ apiUrl, accessToken, adapts: true }),
      media: new LocalMedia(),
    };
    // eslint-disable-next-line react-hooks/set-state-in-effect -- An outside resource becomes state once, on mount.
    setHeld(made);
    return () => {
      void made.meeting.leave();
      made.media.close();
    };
  }, [apiUrl, accessToken]);
  return held === null ? null : <Pages {...props} {...held} />;
}

type PagesProps = Omit<VisitProps, 'accessToken'> & Held;

export function Pages(props: PagesProps): ReactNode {
  const { code, meeting, media, onAgain, onHome } = props;
  const state = useSelected(meeting, (snapshot) => snapshot.state);
  const isPrepared = usePrepared(meeting);
  useRelease(media, state.kind === 'ended' || state.kind === 'failed');
  if (state.kind === 'ended') {
    return <LeftPage reason={state.reason} onAgain={onAgain} onHome={onHome} />;
  }
  if (state.kind === 'failed') {
    return <NoticePage code={state.error.code} onRetry={onAgain} onHome={onHome} />;
  }
  const isIn = state.kind === 'connected' || state.kind === 'reconnecting';
  return (
    <>
      {!isIn && <JoinPage {...props} />}
      {(isIn || isPrepared) && (
        // Hidden it is drawn bit by bit while nothing else is to do, and nothing of it begins.
        <Activity mode={isIn ? 'visible' : 'hidden'}>
          <Suspense fallback={null}>
            <MeetingPage code={code} meeting={meeting} media={media} />
          </Suspense>
        </Activity>
      )}
    </>
  );
}

/** Lets go of microphone and camera where nobody can hear or see one any more: the next visit opens its own. */
function useRelease(media: LocalMediaClient, isOver: boolean): void {
  useEffect(() => {
    if (!isOver) return;
    media.stopMicrophone();
    media.stopCamera();
  }, [media, isOver]);
}

/** Whether the meeting's page is to be made ahead: loaded, and nobody has pressed Join yet, who would have to wait for it. */
function usePrepared(meeting: MeetingClient): boolean {
  const [isPrepared, setPrepared] = useState(false);
  useEffect(() => {
    let callOff = (): void => undefined;
    let isOver = false as boolean;
    const prepare = async (): Promise<void> => {
      await Promise.all([MeetingPage.load(), DeviceSelect.load()]);
      if (isOver) return;
      callOff = whenIdle(() => {
        if (meeting.getSnapshot().state.kind === 'idle') setPrepared(true);
      });
    };
    callOff = whenIdle(() => void prepare());
    return () => {
      isOver = true;
      callOff();
    };
  }, [meeting]);
  return isPrepared;
}
