import { X } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { useSession } from '../session.ts';

/** A panel beside the stage. The focus goes into it when it opens, and back to where it was when it closes. */
export function SidePanel({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}): ReactNode {
  const { t } = useTranslation();
  const { panel, togglePanel } = useSession();
  useFocusBack();
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

function useFocusBack(): void {
  // As it is before anything in here takes the focus.
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // Somebody who went on elsewhere is left there.
      if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus();
    },
    [opener],
  );
}
