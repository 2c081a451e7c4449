import { useId, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { TONES, useSettings } from '../settings.ts';
import { Switch } from './SwitchGroup.tsx';

/** Whether what happens is heard; it is seen in any case. */
export function SoundChoice(): ReactNode {
  const { t } = useTranslation();
  const { chimes, tones, change } = useSettings();
  const heading = useId();
  return (
    <div role="group" aria-labelledby={heading} className="host-controls">
      <h3 id={heading}>{t('settings.sounds')}</h3>
      <p className="lead">{t('settings.soundsHint')}</p>
      <Switch
        label={t('settings.chimes')}
        isOn={chimes}
        onChange={(isOn) => {
          change({ chimes: isOn });
        }}
      />
      {TONES.map((tone) => (
        <Switch
          key={tone}
          label={t(`settings.tones.${tone}`)}
          isOn={tones[tone]}
          onChange={(isOn) => {
            change({ tones: { ...tones, [tone]: isOn } });
          }}
        />
      ))}
    </div>
  );
}
