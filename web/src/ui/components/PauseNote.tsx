import { CirclePause } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Pause } from '../pause.ts';

/** In the place of a picture: that it pauses, and why, so that nobody takes it for switched off. */
export function PauseNote({ pause }: { readonly pause: Pause }): ReactNode {
  const { t } = useTranslation();
  return (
    <p className="tile-pause">
      <CirclePause aria-hidden /> {t(`pause.${pause}`)}
    </p>
  );
}
