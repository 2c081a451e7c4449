import type { ReactNode } from 'react';
import { SwitchButton, SwitchField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { useSettings } from '../settings.ts';

export function BatteryChoice(): ReactNode {
  const { t } = useTranslation();
  const { savesBattery, change } = useSettings();
  return (
    <div role="group" aria-labelledby="battery-title" className="host-controls">
      <h3 id="battery-title">{t('network.battery')}</h3>
      <p className="lead">{t('network.batteryHint')}</p>
      <SwitchField
        isSelected={savesBattery}
        onChange={(isOn) => {
          change({ savesBattery: isOn });
        }}
      >
        <SwitchButton className="switch">
          <span className="switch-track" aria-hidden />
          {t('network.saveBattery')}
        </SwitchButton>
      </SwitchField>
    </div>
  );
}
