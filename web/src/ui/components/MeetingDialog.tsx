import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { useDialogs } from '../dialogs.ts';

interface MeetingDialogProps {
  readonly title: string;
  readonly children: ReactNode;
  /** `alertdialog` for a question that has to be answered. */
  readonly role?: 'dialog' | 'alertdialog';
}

/** A dialog over the meeting: takes the focus, gives it back, closes with Escape. */
export function MeetingDialog(props: MeetingDialogProps): ReactNode {
  const show = useDialogs((dialogs) => dialogs.show);
  return (
    <PageDialog
      {...props}
      onClose={() => {
        show(null);
      }}
    />
  );
}

interface PageDialogProps extends MeetingDialogProps {
  readonly onClose: () => void;
}

/** The same over any page, which says when it is open. */
export function PageDialog({ title, children, role = 'dialog', onClose }: PageDialogProps): ReactNode {
  const { t } = useTranslation();
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      isDismissable
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
    >
      <Modal className="modal">
        <Dialog className="dialog" role={role}>
          <header>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <Button slot="close" className="icon-button" aria-label={t('meeting.close')}>
              <X aria-hidden />
            </Button>
          </header>
          <div className="dialog-body">{children}</div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
