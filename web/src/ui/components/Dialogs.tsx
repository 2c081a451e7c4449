import { Suspense, type ReactNode } from 'react';
import type { LocalMediaClient, MeetingClient } from '../../meeting/index.ts';
import { lazyPart } from '../lazyPart.tsx';
import { useDialogs, type DialogName } from '../dialogs.ts';

interface DialogsProps {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
}

const ShortcutsDialog = lazyPart(() => import('./ShortcutsDialog.tsx'));
const SettingsDialog = lazyPart(() => import('./SettingsDialog.tsx'));
const StatisticsDialog = lazyPart(() => import('../network/StatisticsDialog.tsx'));
const EndForAllDialog = lazyPart(() => import('./EndForAllDialog.tsx'));

/** Every dialog, to be loaded ahead. */
export const DIALOGS = [ShortcutsDialog, SettingsDialog, StatisticsDialog, EndForAllDialog];

/** The dialog that is open, loaded when it is asked for. */
export function Dialogs(props: DialogsProps): ReactNode {
  const open = useDialogs((dialogs) => dialogs.open);
  return open === null ? null : <Suspense fallback={null}>{dialogOf(open, props)}</Suspense>;
}

function dialogOf(name: DialogName, { meeting, media }: DialogsProps): ReactNode {
  switch (name) {
    case 'shortcuts':
      return <ShortcutsDialog />;
    case 'settings':
      return <SettingsDialog media={media} />;
    case 'statistics':
      return <StatisticsDialog meeting={meeting} />;
    case 'endForAll':
      return <EndForAllDialog meeting={meeting} />;
  }
}
