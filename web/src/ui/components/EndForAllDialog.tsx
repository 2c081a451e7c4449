import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient } from '../../meeting/index.ts';
import { MeetingDialog } from './MeetingDialog.tsx';

/** Ending takes a second press: nobody can undo it. */
export default function EndForAllDialog({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  const [state, setState] = useState<'asking' | 'ending' | 'failed'>('asking');
  const end = (): void => {
    setState('ending');
    // The node's word that the meeting has ended takes the page away.
    meeting.hosting.endMeeting().catch(() => {
      setState('failed');
    });
  };
  return (
    <MeetingDialog title={t('leaving.endTitle')} role="alertdialog">
      <p>{t('leaving.endText')}</p>
      {state === 'failed' && <p role="alert">{t('leaving.endFailed')}</p>}
      <div className="dialog-actions">
        <Button slot="close" className="button">
          {t('leaving.stay')}
        </Button>
        <Button className="button destructive" isPending={state === 'ending'} onPress={end}>
          {t('leaving.endForAll')}
        </Button>
      </div>
    </MeetingDialog>
  );
}
