import { useSession } from '../session.ts';
import '../styles/dialogs.css';
/** What somebody chose for themselves: their name everywhere, the rest on this device. */
import { Keyboard, LogOut } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button, Form } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { LocalMedia, type LocalMediaClient } from '../../meeting/index.ts';
import { DevicePickers } from '../components/DevicePickers.tsx';
import { AnnouncementChoice, LanguageChoice, ThemeChoice } from '../components/SettingsDialog.tsx';
import { SoundChoice } from '../components/SoundChoice.tsx';
import ShortcutsDialog from '../components/ShortcutsDialog.tsx';
import { useDialogs } from '../dialogs.ts';
import { changeMe, type Account, type Me } from '../frame/account.ts';
import { Field } from '../frame/fields.tsx';
import { useFailureWords } from '../frame/Notice.tsx';
import { PageFrame, type Around } from '../frame/PageFrame.tsx';
import { useSnapshot } from '../useSnapshot.ts';
import { WORDS } from './words.ts';

export function SettingsPage({ account, onGo }: Around): ReactNode {
  const { t } = useTranslation(WORDS);
  return (
    <PageFrame account={account} onGo={onGo} title={t('settings.title')} current="settings">
      {(me, onMe) => (
        <div className="account-settings">
          <Part name="profile">
            <Name account={account} me={me} onMe={onMe} />
            <p>
              {t('settings.id')} <bdi className="code">{me.id}</bdi>
            </p>
            <Button
              className="button"
              onPress={() => {
                account.signIn.end();
                useSession.getState().forgetGivenNames();
                onGo({ kind: 'start' });
              }}
            >
              <LogOut aria-hidden /> {t('settings.signOut')}
            </Button>
          </Part>
          <Part name="appearance">
            <ThemeChoice />
            <LanguageChoice />
          </Part>
          <Part name="devices">
            <Devices />
          </Part>
          <Part name="reading">
            <AnnouncementChoice />
            <SoundChoice />
            <Shortcuts />
          </Part>
        </div>
      )}
    </PageFrame>
  );
}

function Part({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  const { t } = useTranslation(WORDS);
  return (
    <section className="account-part" aria-labelledby={`settings-${name}`}>
      <h2 id={`settings-${name}`}>{t(`settings.parts.${name}`)}</h2>
      {children}
    </section>
  );
}

interface NameProps {
  readonly account: Account;
  readonly me: Me;
  readonly onMe: (me: Me) => void;
}

function Name({ account, me, onMe }: NameProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const failureWords = useFailureWords();
  const [name, setName] = useState(me.name ?? '');
  const [said, setSaid] = useState<{ readonly isProblem: boolean; readonly text: string } | null>(null);
  const save = (): void => {
    setSaid(null);
    const wanted = name.trim();
    // Without one of their own it is what the issuer says.
    changeMe(account, { name: wanted === '' ? null : wanted }).then(
      (changed) => {
        onMe(changed);
        setName(changed.name ?? '');
        setSaid({ isProblem: false, text: t('settings.saved') });
      },
      (error: unknown) => {
        setSaid({ isProblem: true, text: failureWords(error) });
      },
    );
  };
  return (
    <Form
      className="account-form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Field
        label={t('settings.name')}
        hint={t('settings.nameHint')}
        value={name}
        maxLength={100}
        autoComplete="name"
        onChange={setName}
      />
      <Button className="button primary" type="submit">
        {t('settings.save')}
      </Button>
      {said !== null && <p role={said.isProblem ? 'alert' : 'status'}>{said.text}</p>}
    </Form>
  );
}

/** Made in an effect, so that what a discarded render made does not follow devices for ever. */
function Devices(): ReactNode {
  const [media, setMedia] = useState<LocalMediaClient | null>(null);
  useEffect(() => {
    const made = new LocalMedia();
    // eslint-disable-next-line react-hooks/set-state-in-effect -- An outside resource becomes state once, on mount.
    setMedia(made);
    return () => {
      made.close();
    };
  }, []);
  return media === null ? null : <Chosen media={media} />;
}

function Chosen({ media }: { readonly media: LocalMediaClient }): ReactNode {
  const { t } = useTranslation(WORDS);
  const { microphone, microphones, cameras } = useSnapshot(media);
  const isNamed = [...microphones, ...cameras].some(({ label }) => label !== '');
  const allow = async (): Promise<void> => {
    // Only so that the browser says what they are called.
    await media.startMicrophone();
    media.stopMicrophone();
  };
  return (
    <>
      <p className="lead">{t('settings.devicesHint')}</p>
      <DevicePickers media={media} />
      {!isNamed && (
        <Button className="button" onPress={() => void allow()}>
          {t('settings.nameDevices')}
        </Button>
      )}
      {microphone.kind === 'failed' && <p role="alert">{t('settings.notAllowed')}</p>}
    </>
  );
}

function Shortcuts(): ReactNode {
  const { t } = useTranslation(WORDS);
  const { open, show } = useDialogs();
  return (
    <>
      <Button
        className="button"
        onPress={() => {
          show('shortcuts');
        }}
      >
        <Keyboard aria-hidden /> {t('settings.shortcuts')}
      </Button>
      {open === 'shortcuts' && <ShortcutsDialog />}
    </>
  );
}
