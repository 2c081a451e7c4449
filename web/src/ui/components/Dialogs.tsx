import { Suspense, type ReactNode } from 'react';
import type { LocalMediaClient, MeetingClient } from '../../meeting/index.ts';
import { lazyPart } from '../lazyPart.tsx';
import { useDialogs, type DialogName } from '../dialogs.ts';
import { useRenaming } from '../renaming.ts';

interface DialogsProps {
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
}

const ShortcutsDialog = lazyPart(() => import('./ShortcutsDialog.tsx'));
const SettingsDialog = lazyPart(() => import('./SettingsDialog.tsx'));
const StatisticsDialog = lazyPart(() => import('../network/StatisticsDialog.tsx'));
const EndForAllDialog = lazyPart(() => import('./EndForAllDialog.tsx'));
const RenameDialog = lazyPart(() => import('./RenameDialog.tsx'));

/** Every dialog, to be loaded ahead. */
export const DIALOGS = [ShortcutsDialog, SettingsDialog, StatisticsDialog, EndForAllDialog, RenameDialog];

/** The dialog that is open, loaded when it is asked for. */
export function Dialogs(props: DialogsProps): ReactNode {
  const open = useDialogs((dialogs) => dialogs.open);
  const isRenaming = useRenaming(({ whom }) => whom !== null);
  return (
    <Suspense fallback={null}>
      {open !== null && dialogOf(open, props)}
      {isRenaming && <RenameDialog meeting={props.meeting} />}
    </Suspense>
  );
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
