import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSettings } from '../settings.ts';
import { SwitchGroup } from './SwitchGroup.tsx';

/** Whether what happens is heard; it is seen and read aloud in any case. */
export function SoundChoice(): ReactNode {
  const { t } = useTranslation();
  const { chimes, change } = useSettings();
  return (
    <SwitchGroup
      title={t('settings.sounds')}
      hint={t('settings.soundsHint')}
      label={t('settings.chimes')}
      isOn={chimes}
      onChange={(isOn) => {
        change({ chimes: isOn });
      }}
    />
  );
}
