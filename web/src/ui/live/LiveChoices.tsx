/** Choices in the settings: captions, and sound for one ear. */
import { Captions } from 'lucide-react';
import type { ReactNode } from 'react';
import { Label, RadioButton, RadioField, RadioGroup } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Switch } from '../components/SwitchGroup.tsx';
import { CAPTION_SIZES, usePreferences, type CaptionSize } from './preferences.ts';
import { LIVE } from './words.ts';

export function LiveChoices(): ReactNode {
  const { t } = useTranslation(LIVE);
  const { isMono, areCaptionsShown, areCaptionsReadAloud, captionSize, change } = usePreferences();
  return (
    <div className="host-controls">
      <Switch
        label={t('sound.mono')}
        isOn={isMono}
        onChange={(isOn) => {
          change({ isMono: isOn });
        }}
      />
      <Switch
        label={t('captions.show')}
        isOn={areCaptionsShown}
        onChange={(isOn) => {
          change({ areCaptionsShown: isOn });
        }}
      />
      <Switch
        label={t('captions.readAloud')}
        isOn={areCaptionsReadAloud}
        onChange={(isOn) => {
          change({ areCaptionsReadAloud: isOn });
        }}
      />
      <RadioGroup
        className="choice"
        value={captionSize}
        onChange={(size) => {
          change({ captionSize: size as CaptionSize });
        }}
      >
        <Label>
          <Captions aria-hidden /> {t('captions.size')}
        </Label>
        <div className="choice-options">
          {CAPTION_SIZES.map((size) => (
            <RadioField key={size} value={size}>
              <RadioButton className="choice-option">{t(`captions.sizes.${size}`)}</RadioButton>
            </RadioField>
          ))}
        </div>
      </RadioGroup>
    </div>
  );
}
