import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSettings } from '../settings.ts';
import { SwitchGroup } from './SwitchGroup.tsx';

export function BatteryChoice(): ReactNode {
  const { t } = useTranslation();
  const { savesBattery, change } = useSettings();
  return (
    <SwitchGroup
      title={t('network.battery')}
      hint={t('network.batteryHint')}
      label={t('network.saveBattery')}
      isOn={savesBattery}
      onChange={(isOn) => {
        change({ savesBattery: isOn });
      }}
    />
  );
}
