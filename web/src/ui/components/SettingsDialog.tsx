import { Languages, SunMoon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Label, RadioButton, RadioField, RadioGroup, SwitchButton, SwitchField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { LocalMediaClient } from '../../meeting/index.ts';
import { LANGUAGES } from '../languages/index.ts';
import { LiveChoices } from '../live/LiveChoices.tsx';
import { ANNOUNCED, THEMES, useSettings, type Theme } from '../settings.ts';
import { BatteryChoice } from './BatteryChoice.tsx';
import { SoundChoice } from './SoundChoice.tsx';
import { DevicePickers } from './DevicePickers.tsx';
import { MeetingDialog } from './MeetingDialog.tsx';

/** As the key of a choice; no language is called so. */
const SYSTEM = 'system';

export default function SettingsDialog({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation();
  return (
    <MeetingDialog title={t('settings.title')}>
      <DevicePickers media={media} />
      <ThemeChoice />
      <LanguageChoice />
      <BatteryChoice />
      <AnnouncementChoice />
      <SoundChoice />
      <LiveChoices />
    </MeetingDialog>
  );
}

export function ThemeChoice(): ReactNode {
  const { t } = useTranslation();
  const { theme, change } = useSettings();
  return (
    <Choice
      label={t('settings.theme')}
      icon={<SunMoon aria-hidden />}
      value={theme}
      options={THEMES.map((id) => ({ id, name: t(`settings.themes.${id}`) }))}
      onChange={(id) => {
        change({ theme: id as Theme });
      }}
    />
  );
}

export function LanguageChoice(): ReactNode {
  const { t } = useTranslation();
  const { language, change } = useSettings();
  const own = Object.entries(LANGUAGES).map(([id, { name }]) => ({ id, name, lang: id }));
  return (
    <Choice
      label={t('settings.language')}
      icon={<Languages aria-hidden />}
      value={language ?? SYSTEM}
      options={[{ id: SYSTEM, name: t('settings.languageSystem') }, ...own]}
      onChange={(id) => {
        change({ language: id === SYSTEM ? null : id });
      }}
    />
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly value: string;
  readonly options: readonly { readonly id: string; readonly name: string; readonly lang?: string }[];
  readonly onChange: (id: string) => void;
}

function Choice({ label, icon, value, options, onChange }: ChoiceProps): ReactNode {
  return (
    <RadioGroup className="choice" value={value} onChange={onChange}>
      <Label>
        {icon} {label}
      </Label>
      <div className="choice-options">
        {options.map(({ id, name, lang }) => (
          <RadioField key={id} value={id}>
            <RadioButton className="choice-option">
              <span lang={lang}>{name}</span>
            </RadioButton>
          </RadioField>
        ))}
      </div>
    </RadioGroup>
  );
}

export function AnnouncementChoice(): ReactNode {
  const { t } = useTranslation();
  const { announces, change } = useSettings();
  return (
    <div role="group" aria-labelledby="announces-title" className="host-controls">
      <h3 id="announces-title">{t('settings.announces')}</h3>
      <p className="lead">{t('settings.announcesHint')}</p>
      {ANNOUNCED.map((kind) => (
        <SwitchField
          key={kind}
          isSelected={announces[kind]}
          onChange={(isOn) => {
            change({ announces: { ...announces, [kind]: isOn } });
          }}
        >
          <SwitchButton className="switch">
            <span className="switch-track" aria-hidden />
            {t(`settings.announced.${kind}`)}
          </SwitchButton>
        </SwitchField>
      ))}
    </div>
  );
}
