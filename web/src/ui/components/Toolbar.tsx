import { Hand, MessageSquare, Users } from 'lucide-react';
import { memo, useCallback, useState, type ReactNode } from 'react';
import { Toolbar as AriaToolbar } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { LocalMediaClient, MeetingClient } from '../../meeting/index.ts';
import { countUnread } from '../chat.ts';
import { useDialogs } from '../dialogs.ts';
import { useSession } from '../session.ts';
import { useShortcut } from '../useShortcut.ts';
import { useMayPublish } from '../useStanding.ts';
import { useSelected } from '../useSnapshot.ts';
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
}

/** One stop for the tab key; arrows move within. Each control looks for itself at what it shows of the meeting. */
export const Toolbar = memo(function Toolbar({ meeting, media }: ToolbarProps): ReactNode {
  const { t } = useTranslation();
  const show = useDialogs((dialogs) => dialogs.show);
  const showHelp = useCallback(() => {
    show('shortcuts');
  }, [show]);
  useShortcut('help', showHelp);
  const mayPublish = useMayPublish(meeting);
  return (
    <AriaToolbar className="toolbar" aria-label={t('meeting.toolbar')}>
      <div className="toolbar-group">
        {mayPublish && <OwnControls meeting={meeting} media={media} />}
        <HandControl meeting={meeting} />
        <ReactionsPopover meeting={meeting} />
      </div>
      <div className="toolbar-group">
        <ChatControl meeting={meeting} />
        <PeopleControl />
        <MoreMenu meeting={meeting} media={media} />
      </div>
      <LeaveControl meeting={meeting} />
    </AriaToolbar>
  );
});

/** Viewers have none of them: what they would send is refused. */
function OwnControls({ meeting, media }: ToolbarProps): ReactNode {
  return (
    <>
      <span className="with-arrow">
        <MicrophoneControl media={media} />
        <MicrophoneMenu media={media} />
      </span>
      <span className="with-arrow">
        <CameraControl media={media} />
        <CameraMenu media={media} />
      </span>
      <ShareControl meeting={meeting} />
    </>
  );
}

function HandControl({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  const isRaised = useSelected(meeting, ({ self }) => self?.isHandRaised ?? false);
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

function ChatControl({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  const { panel, togglePanel } = useSession();
  const isOpen = panel === 'chat';
  const messages = useSelected(meeting, (snapshot) => snapshot.messages);
  const selfId = useSelected(meeting, ({ self }) => self?.id ?? null);
  const last = messages.at(-1)?.id ?? null;
  // Undefined until one is in: what was written before that is not news.
  const [seen, setSeen] = useState<string | null>();
  const isSeen = isOpen || (seen === undefined && selfId !== null);
  if (isSeen && seen !== last) setSeen(last);
  const unread = isOpen ? 0 : countUnread(messages, seen ?? null, selfId);
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
