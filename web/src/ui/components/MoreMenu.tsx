import { Check, Ellipsis } from 'lucide-react';
import type { ReactNode } from 'react';
import { Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { LocalMediaClient, MeetingClient } from '../../meeting/index.ts';
import { LAYOUT_CHOICES, type LayoutChoice } from '../arrange.ts';
import { useDialogs, type DialogName } from '../dialogs.ts';
import { LiveItems } from '../live/LiveItems.tsx';
import { useFullScreen } from '../useFullScreen.ts';
import { useSelected } from '../useSnapshot.ts';
import { useView } from '../view.ts';
import { ControlButton } from './ControlButton.tsx';
import { ReactionPicture } from './ReactionPicture.tsx';
import { REACTIONS } from './ReactionsPopover.tsx';

interface MoreMenuProps {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
}

/** What is wanted now and then. A feature with an entry of its own adds a MenuItem here. */
export function MoreMenu({ meeting, media }: MoreMenuProps): ReactNode {
  const { t } = useTranslation();
  return (
    <MenuTrigger>
      <ControlButton label={t('more.title')} icon={<Ellipsis aria-hidden />} />
      <Popover className="popover" offset={14} placement="top">
        <Menu className="menu" aria-label={t('more.title')}>
          <ReactionItems meeting={meeting} />
          <LayoutItems />
          <Separator className="menu-line" />
          <LiveItems media={media} />
          <ViewItems meeting={meeting} />
          <DialogItem name="settings" />
          <DialogItem name="statistics" />
          <DialogItem name="shortcuts" />
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

/** On a phone, where the toolbar has no room for them. */
function ReactionItems({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  return (
    <MenuSection className="menu-reactions narrow-only" aria-label={t('meeting.reactions')}>
      {REACTIONS.map((reaction) => (
        <MenuItem
          key={reaction}
          id={`react ${reaction}`}
          className="reaction"
          textValue={reaction}
          onAction={() => {
            meeting.react(reaction);
          }}
        >
          <ReactionPicture reaction={reaction} />
        </MenuItem>
      ))}
    </MenuSection>
  );
}

function LayoutItems(): ReactNode {
  const { t } = useTranslation();
  const { layout, setLayout } = useView();
  return (
    <MenuSection
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[layout]}
      onSelectionChange={(keys) => {
        const [chosen] = keys === 'all' ? [] : keys;
        if (chosen !== undefined) setLayout(chosen as LayoutChoice);
      }}
    >
      <Header className="menu-header">{t('layout.title')}</Header>
      {LAYOUT_CHOICES.map((choice) => (
        <MenuItem key={choice} id={choice} className="menu-item">
          {({ isSelected }) => (
            <>
              <span className="menu-check">{isSelected && <Check aria-hidden />}</span>
              {t(`layout.${choice}`)}
            </>
          )}
        </MenuItem>
      ))}
    </MenuSection>
  );
}

function ViewItems({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  const isAlone = useSelected(meeting, ({ participants }) => participants.length <= 1);
  const { isSelfHidden, setSelfHidden } = useView();
  const fullScreen = useFullScreen();
  return (
    <>
      {!isAlone && (
        <MenuItem
          className="menu-item"
          onAction={() => {
            setSelfHidden(!isSelfHidden);
          }}
        >
          {t(isSelfHidden ? 'more.showSelf' : 'more.hideSelf')}
        </MenuItem>
      )}
      {fullScreen.isSupported && (
        <MenuItem className="menu-item" onAction={fullScreen.toggle}>
          {t(fullScreen.isOn ? 'more.leaveFullScreen' : 'more.fullScreen')}
        </MenuItem>
      )}
    </>
  );
}

function DialogItem({ name }: { readonly name: Exclude<DialogName, 'endForAll'> }): ReactNode {
  const { t } = useTranslation();
  const show = useDialogs((dialogs) => dialogs.show);
  return (
    <MenuItem
      className="menu-item"
      onAction={() => {
        show(name);
      }}
    >
      {t(`more.${name}`)}
    </MenuItem>
  );
}
