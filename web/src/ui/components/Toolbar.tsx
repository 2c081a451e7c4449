import {
  Hand,
  MessageSquare,
  MonitorUp,
  MonitorX,
  PhoneOff,
  Settings2,
  SmilePlus,
  Users,
} from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button, Toolbar as AriaToolbar, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import {
  MeetingError,
  type LocalMediaClient,
  type MeetingClient,
  type MeetingSnapshot,
} from '../../meeting/index.ts';
import { useSession } from '../session.ts';
import { CameraControl } from './CameraControl.tsx';
import { ControlButton } from './ControlButton.tsx';
import { DevicePickers } from './DevicePickers.tsx';
import { MicrophoneControl } from './MicrophoneControl.tsx';
import { showToast } from './toasts.ts';

interface ToolbarProps {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
  readonly snapshot: MeetingSnapshot;
}

const REACTIONS = ['👍', '👏', '❤️', '😂', '😮', '🎉'];

export function Toolbar({ meeting, media, snapshot }: ToolbarProps): ReactNode {
  const { t } = useTranslation();
  const { panel, togglePanel } = useSession();
  const { self, messages } = snapshot;
  const isHandRaised = self?.isHandRaised ?? false;
  const unread = useUnread(messages.length, panel === 'chat');
  return (
    <AriaToolbar className="toolbar" aria-label={t('meeting.toolbar')}>
      <div className="toolbar-group">
        <MicrophoneControl media={media} />
        <CameraControl media={media} />
        <DevicesPopover media={media} />
      </div>
      <div className="toolbar-group">
        <ShareControl meeting={meeting} isSharing={self?.tracks.screen !== undefined} />
        <ControlButton
          label={t(isHandRaised ? 'meeting.lowerHand' : 'meeting.hand')}
          icon={<Hand aria-hidden />}
          isActive={isHandRaised}
          onPress={() => {
            meeting.setHand(!isHandRaised);
          }}
        />
        <ReactionsPopover meeting={meeting} />
        <ControlButton
          label={t('meeting.people')}
          icon={<Users aria-hidden />}
          isExpanded={panel === 'people'}
          onPress={() => {
            togglePanel('people');
          }}
        />
        <ControlButton
          label={unread > 0 ? t('chat.unread', { count: unread }) : t('meeting.chat')}
          icon={<MessageSquare aria-hidden />}
          isExpanded={panel === 'chat'}
          badge={unread}
          onPress={() => {
            togglePanel('chat');
          }}
        />
      </div>
      <Button className="control leave" aria-label={t('meeting.leave')} onPress={() => void meeting.leave()}>
        <PhoneOff aria-hidden />
        <span>{t('meeting.leave')}</span>
      </Button>
    </AriaToolbar>
  );
}

/** How many messages came since the chat was last open. */
function useUnread(count: number, isOpen: boolean): number {
  const [seen, setSeen] = useState(count);
  if (isOpen && seen !== count) setSeen(count);
  return isOpen ? 0 : Math.max(0, count - seen);
}

function ShareControl({
  meeting,
  isSharing,
}: {
  readonly meeting: MeetingClient;
  readonly isSharing: boolean;
}): ReactNode {
  const { t } = useTranslation();
  const share = (): void => {
    if (isSharing) {
      meeting.stopShare();
      return;
    }
    meeting.shareScreen().catch((error: unknown) => {
      const isDenied = error instanceof MeetingError && error.code === 'share_denied';
      if (!isDenied) showToast(t('meeting.shareFailed'));
    });
  };
  return (
    <ControlButton
      className="wide-only"
      label={t(isSharing ? 'meeting.stopShare' : 'meeting.share')}
      icon={isSharing ? <MonitorX aria-hidden /> : <MonitorUp aria-hidden />}
      isActive={isSharing}
      onPress={share}
    />
  );
}

function DevicesPopover({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation();
  return (
    <DialogTrigger>
      <ControlButton className="wide-only" label={t('devices.settings')} icon={<Settings2 aria-hidden />} />
      <Popover className="popover padded" offset={14}>
        <Dialog aria-label={t('devices.settings')}>
          <DevicePickers media={media} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function ReactionsPopover({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  return (
    <DialogTrigger>
      <ControlButton label={t('meeting.reactions')} icon={<SmilePlus aria-hidden />} />
      <Popover className="popover" offset={14}>
        <Dialog aria-label={t('meeting.reactions')} className="reaction-row">
          {REACTIONS.map((reaction) => (
            <Button
              key={reaction}
              slot="close"
              className="reaction"
              aria-label={reaction}
              onPress={() => {
                meeting.react(reaction);
              }}
            >
              {reaction}
            </Button>
          ))}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
