import { PhoneOff } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient } from '../../meeting/index.ts';
import { useDialogs } from '../dialogs.ts';
import { useSelected } from '../useSnapshot.ts';

/** Leaves at once; a host is asked whether the others may go on. */
export function LeaveControl({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  const isHost = useSelected(meeting, ({ self }) => self?.role === 'host');
  const show = useDialogs((dialogs) => dialogs.show);
  const leave = (): void => void meeting.leave();
  const face = (
    <>
      <PhoneOff aria-hidden />
      <span>{t('meeting.leave')}</span>
    </>
  );
  if (!isHost) {
    return (
      <Button className="control leave" aria-label={t('meeting.leave')} onPress={leave}>
        {face}
      </Button>
    );
  }
  return (
    <MenuTrigger>
      <Button className="control leave" aria-label={t('meeting.leave')}>
        {face}
      </Button>
      <Popover className="popover" offset={14} placement="top end">
        <Menu className="menu" aria-label={t('meeting.leave')}>
          <MenuItem className="menu-item" onAction={leave}>
            {t('leaving.leaveAlone')}
          </MenuItem>
          <MenuItem
            className="menu-item danger"
            onAction={() => {
              show('endForAll');
            }}
          >
            {t('leaving.endForAll')}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
