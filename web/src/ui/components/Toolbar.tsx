import { Hand, MessageSquare, Users } from 'lucide-react';
import { useCallback, useState, type ReactNode } from 'react';
import { Toolbar as AriaToolbar } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { LocalMediaClient, MeetingClient, MeetingSnapshot } from '../../meeting/index.ts';
import { countUnread } from '../chat.ts';
import { useDialogs } from '../dialogs.ts';
import { otherSharer } from '../live/LiveBanners.tsx';
import { useSession } from '../session.ts';
import { useShortcut } from '../useShortcut.ts';
import { CameraControl } from './CameraControl.tsx';
import { ControlButton } from './ControlButton.tsx';
import { CameraMenu, MicrophoneMenu } from './DeviceMenus.tsx';
import { LeaveControl } from './LeaveControl.tsx';
import { MicrophoneControl } from './MicrophoneControl.tsx';
import { MoreMenu } from './MoreMenu.tsx';
import { ReactionsPopover } from './ReactionsPopover.tsx';
import { ShareControl } from './ShareControl.tsx';

interface ToolbarProps {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
  readonly snapshot: MeetingSnapshot;
}

/** One stop for the tab key; arrows move within. */
export function Toolbar({ meeting, media, snapshot }: ToolbarProps): ReactNode {
  const { t } = useTranslation();
  const { self } = snapshot;
  const show = useDialogs((dialogs) => dialogs.show);
  const showHelp = useCallback(() => {
    show('shortcuts');
  }, [show]);
  useShortcut('help', showHelp);
  return (
    <AriaToolbar className="toolbar" aria-label={t('meeting.toolbar')}>
      <div className="toolbar-group">
        <span className="with-arrow">
          <MicrophoneControl media={media} />
          <MicrophoneMenu media={media} />
        </span>
        <span className="with-arrow">
          <CameraControl media={media} />
          <CameraMenu media={media} />
        </span>
        <ShareControl
          meeting={meeting}
          isSharing={self?.tracks.screen !== undefined}
          isTaken={otherSharer(snapshot.participants) !== null}
        />
        <HandControl meeting={meeting} isRaised={self?.isHandRaised ?? false} />
        <ReactionsPopover meeting={meeting} />
      </div>
      <div className="toolbar-group">
        <ChatControl snapshot={snapshot} />
        <PeopleControl />
        <MoreMenu meeting={meeting} media={media} snapshot={snapshot} />
      </div>
      <LeaveControl meeting={meeting} role={self?.role ?? 'participant'} />
    </AriaToolbar>
  );
}

function HandControl(props: { readonly meeting: MeetingClient; readonly isRaised: boolean }): ReactNode {
  const { t } = useTranslation();
  const { meeting, isRaised } = props;
  const toggle = useCallback(() => {
    meeting.setHand(!isRaised);
  }, [meeting, isRaised]);
  useShortcut('hand', toggle);
  return (
    <ControlButton
      label={t(isRaised ? 'meeting.lowerHand' : 'meeting.hand')}
      icon={<Hand aria-hidden />}
      isActive={isRaised}
      shortcut="hand"
      onPress={toggle}
    />
  );
}

function ChatControl({ snapshot }: { readonly snapshot: MeetingSnapshot }): ReactNode {
  const { t } = useTranslation();
  const { panel, togglePanel } = useSession();
  const isOpen = panel === 'chat';
  const { messages, self } = snapshot;
  const last = messages.at(-1)?.id ?? null;
  const [seen, setSeen] = useState(last);
  if (isOpen && seen !== last) setSeen(last);
  const unread = isOpen ? 0 : countUnread(messages, seen, self?.id ?? null);
  const toggle = useCallback(() => {
    togglePanel('chat');
  }, [togglePanel]);
  useShortcut('chat', toggle);
  return (
    <ControlButton
      label={unread > 0 ? t('chat.unread', { count: unread }) : t('meeting.chat')}
      icon={<MessageSquare aria-hidden />}
      isExpanded={isOpen}
      badge={unread}
      shortcut="chat"
      onPress={toggle}
    />
  );
}

function PeopleControl(): ReactNode {
  const { t } = useTranslation();
  const { panel, togglePanel } = useSession();
  const toggle = useCallback(() => {
    togglePanel('people');
  }, [togglePanel]);
  useShortcut('people', toggle);
  return (
    <ControlButton
      label={t('meeting.people')}
      icon={<Users aria-hidden />}
      isExpanded={panel === 'people'}
      shortcut="people"
      onPress={toggle}
    />
  );
}
