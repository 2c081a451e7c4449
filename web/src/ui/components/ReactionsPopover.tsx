import { SmilePlus } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient } from '../../meeting/index.ts';
import { ControlButton } from './ControlButton.tsx';
import { ReactionPicture } from './ReactionPicture.tsx';

export const REACTIONS = ['👍', '👏', '❤️', '😂', '😮', '🎉'];

export function ReactionsPopover({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  return (
    <DialogTrigger>
      <ControlButton className="wide-only" label={t('meeting.reactions')} icon={<SmilePlus aria-hidden />} />
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
              <ReactionPicture reaction={reaction} />
            </Button>
          ))}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
