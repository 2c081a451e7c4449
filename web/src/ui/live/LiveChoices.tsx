/** Choices in the settings: captions, and sound for one ear. */
import { Captions } from 'lucide-react';
import type { ReactNode } from 'react';
import { Label, RadioButton, RadioField, RadioGroup, SwitchButton, SwitchField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { CAPTION_SIZES, usePreferences, type CaptionSize } from './preferences.ts';
import { LIVE } from './words.ts';

export function LiveChoices(): ReactNode {
  const { t } = useTranslation(LIVE);
  const { isMono, areCaptionsShown, areCaptionsReadAloud, captionSize, change } = usePreferences();
  return (
    <div className="host-controls">
      <Toggle
        name={t('sound.mono')}
        isOn={isMono}
        onChange={(isOn) => {
          change({ isMono: isOn });
        }}
      />
      <Toggle
        name={t('captions.show')}
        isOn={areCaptionsShown}
        onChange={(isOn) => {
          change({ areCaptionsShown: isOn });
        }}
      />
      <Toggle
        name={t('captions.readAloud')}
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

interface ToggleProps {
  readonly name: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

function Toggle({ name, isOn, onChange }: ToggleProps): ReactNode {
  return (
    <SwitchField isSelected={isOn} onChange={onChange}>
      <SwitchButton className="switch">
        <span className="switch-track" aria-hidden />
        {name}
      </SwitchButton>
    </SwitchField>
  );
}
