import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { useSession } from '../session.ts';

/** A panel beside the stage. What it holds takes the focus when it opens. */
export function SidePanel({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}): ReactNode {
  const { t } = useTranslation();
  const { panel, togglePanel } = useSession();
  return (
    <aside
      className="panel"
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key === 'Escape') togglePanel(panel);
      }}
    >
      <header>
        <h2>
          <bdi>{title}</bdi>
        </h2>
        <Button
          className="icon-button"
          aria-label={t('meeting.close')}
          onPress={() => {
            togglePanel(panel);
          }}
        >
          <X aria-hidden />
        </Button>
      </header>
      {children}
    </aside>
  );
}
