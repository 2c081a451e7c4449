import '../styles/dialogs.css';
import '../styles/banners.css';
import '../styles/panel.css';
import '../styles/toolbar.css';
// After those: it has what is only there in wide windows.
import '../styles/meeting.css';
import '../styles/live.css';
import '../styles/tile.css';
import '../styles/stage.css';
import { Suspense, useDeferredValue, useRef, type ReactNode } from 'react';
import type { LocalMediaClient, MeetingClient } from '../../meeting/index.ts';
import { Banners } from '../components/Banners.tsx';
import { DIALOGS, Dialogs } from '../components/Dialogs.tsx';
import { MeetingHead } from '../components/MeetingHead.tsx';
import { Reactions } from '../components/Reactions.tsx';
import { Stage } from '../components/Stage.tsx';
import { Toolbar } from '../components/Toolbar.tsx';
import { lazyPart } from '../lazyPart.tsx';
import { CaptionsArea } from '../live/CaptionsArea.tsx';
import { LiveBanners } from '../live/LiveBanners.tsx';
import { SmallWindow } from '../live/SmallWindow.tsx';
import { useDeviceNotes } from '../live/useDeviceNotes.ts';
import { useHearing } from '../live/useHearing.ts';
import { useWakeLock } from '../live/useWakeLock.ts';
import { useSession } from '../session.ts';
import { RecordingTrouble } from '../recordings/RecordingNotice.tsx';
import { useAutoLower } from '../useAutoLower.ts';
import { useBatterySaver } from '../useBatterySaver.ts';
import { useDoor } from '../useHosting.ts';
import { useKeptFocus } from '../useKeptFocus.ts';
import { useWatchedLinks } from '../useLinks.ts';
import { useLoadedAhead } from '../useLoadedAhead.ts';
import { useNameOfNow } from '../useNameOfNow.ts';
import { usePublishing } from '../usePublishing.ts';
import { usePushToTalk } from '../usePushToTalk.ts';
import { useSnapshot } from '../useSnapshot.ts';
import { useStanding } from '../useStanding.ts';
import { useTitle } from '../useTitle.ts';
import { useTones } from '../useTones.ts';

// Opened now and then: no part of what a meeting begins with.
const ChatPanel = lazyPart(() => import('../components/ChatPanel.tsx'));
const PeoplePanel = lazyPart(() => import('../components/PeoplePanel.tsx'));
const OPENED_LATER = [ChatPanel, PeoplePanel, ...DIALOGS];

interface MeetingPageProps {
  readonly code: string;
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
}

export function MeetingPage({ code, meeting, media }: MeetingPageProps): ReactNode {
  const snapshot = useSnapshot(meeting);
  const { panel } = useSession();
  const page = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useKeptFocus(page, heading);
  useBatterySaver(meeting);
  usePublishing(meeting, media);
  useStanding(meeting, media);
  useNameOfNow(code, snapshot.self);
  const isTalking = usePushToTalk(media);
  useAutoLower(meeting, snapshot.self);
  useHearing(meeting, snapshot.participants);
  useWatchedLinks(snapshot.participants);
  useWakeLock();
  useDeviceNotes(media);
  const role = snapshot.self?.role;
  const door = useDoor(meeting, role === 'host' || role === 'cohost');
  useTones(meeting, snapshot.participants, door);
  useTitle(snapshot.meeting?.title ?? code);
  useLoadedAhead(OPENED_LATER);
  // Faces before controls: those take as long to draw, and nobody reaches for them in the first tenth of a second.
  const hasControls = useDeferredValue(true, false);
  return (
    <main ref={page} className={`meeting ${panel === 'none' ? '' : 'with-panel'}`}>
      <MeetingHead ref={heading} snapshot={snapshot} code={code} />
      <div className="meeting-middle">
        <Stage meeting={meeting} snapshot={snapshot} />
        <Banners meeting={meeting} snapshot={snapshot} isTalking={isTalking} waiting={door.waiting.length}>
          <RecordingTrouble snapshot={snapshot} />
          <LiveBanners meeting={meeting} media={media} snapshot={snapshot} />
        </Banners>
        <CaptionsArea meeting={meeting} snapshot={snapshot} />
        <Reactions meeting={meeting} participants={snapshot.participants} />
      </div>
      <Suspense fallback={null}>
        {panel === 'people' && <PeoplePanel meeting={meeting} snapshot={snapshot} door={door} />}
        {panel === 'chat' && <ChatPanel meeting={meeting} snapshot={snapshot} />}
      </Suspense>
      <Dialogs meeting={meeting} media={media} />
      <SmallWindow meeting={meeting} media={media} snapshot={snapshot} />
      {hasControls ? <Toolbar meeting={meeting} media={media} /> : <div className="toolbar" aria-hidden />}
    </main>
  );
}
