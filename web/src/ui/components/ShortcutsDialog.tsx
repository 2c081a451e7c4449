import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { SHORTCUTS, SHORTCUT_IDS, type Shortcut, type ShortcutId } from '../shortcuts.ts';
import { useShortcutName } from '../useShortcut.ts';
import { MeetingDialog } from './MeetingDialog.tsx';

export default function ShortcutsDialog(): ReactNode {
  const { t } = useTranslation();
  return (
    <MeetingDialog title={t('shortcuts.title')}>
      <dl className="shortcut-list">
        {SHORTCUT_IDS.map((id) => (
          <Row key={id} id={id} />
        ))}
      </dl>
      <p className="lead">{t('shortcuts.toolbar')}</p>
    </MeetingDialog>
  );
}

function Row({ id }: { readonly id: ShortcutId }): ReactNode {
  const { t } = useTranslation();
  const name = useShortcutName(id);
  const { isHeld = false }: Shortcut = SHORTCUTS[id];
  return (
    <div>
      <dt>{t(`shortcuts.${id}`)}</dt>
      <dd>
        <kbd dir="auto">{isHeld ? t('shortcuts.hold', { key: name }) : name}</kbd>
      </dd>
    </div>
  );
}
