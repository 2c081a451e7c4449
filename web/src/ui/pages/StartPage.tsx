import { ArrowRight, Check, CloudOff } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button, FieldError, Form, Input, Label, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Wordmark } from '../components/Wordmark.tsx';
import { NewMeeting } from '../components/NewMeeting.tsx';
import { TestLink } from '../network/TestLink.tsx';
import type { SignIn } from '../../meeting/index.ts';
import { parseCode, type Route } from '../route.ts';
import { useOnline } from '../useOnline.ts';

interface StartPageProps {
  readonly onCode: (code: string) => void;
  /** Left out where nobody signs in. */
  readonly signIn?: SignIn;
  readonly onGo: (route: Route) => void;
  /** Makes a meeting of whoever signed in; gives its code. */
  readonly onNew?: () => Promise<string>;
}

export function StartPage({ onCode, signIn, onNew, onGo }: StartPageProps): ReactNode {
  const { t } = useTranslation();
  const [input, setInput] = useState('');
  const [isWrong, setWrong] = useState(false);

  const submit = (): void => {
    const code = parseCode(input);
    setWrong(code === null);
    if (code !== null) onCode(code);
  };

  return (
    <main className="start">
      <div className="start-head">
        <Wordmark />
      </div>
      <section className="start-words">
        <h1>{t('start.title')}</h1>
        <p className="lead">{t('start.lead')}</p>
        <Offline />
        <Form
          className="code-form"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <TextField value={input} onChange={setInput} isInvalid={isWrong} autoFocus className="field">
            <Label>{t('start.codeLabel')}</Label>
            <div className="code-row">
              <Input placeholder={t('start.codePlaceholder')} autoComplete="off" spellCheck={false} />
              <Button type="submit" className="button primary">
                {t('start.go')} <ArrowRight aria-hidden />
              </Button>
            </div>
            <FieldError>{t('start.badCode')}</FieldError>
          </TextField>
        </Form>
        <NewMeeting onCode={onCode} {...(signIn && onNew ? { signIn, onNew, onGo } : {})} />
        <TestLink onGo={onGo} />
        <ul className="points">
          {(['pointOne', 'pointTwo', 'pointThree'] as const).map((point) => (
            <li key={point}>
              <Check aria-hidden /> {t(`start.${point}`)}
            </li>
          ))}
        </ul>
      </section>
      <Scene />
    </main>
  );
}

/** An installed app opens here also without a network. */
function Offline(): ReactNode {
  const { t } = useTranslation();
  const isOnline = useOnline();
  return (
    <div role="status" className="start-offline">
      {!isOnline && (
        <p>
          <CloudOff aria-hidden /> <strong>{t('notice.offline.title')}.</strong> {t('notice.offline.text')}
        </p>
      )}
    </div>
  );
}

/** Four people in conversation, drawn: the start page asks for no picture of anybody. */
function Scene(): ReactNode {
  return (
    <div className="scene" aria-hidden>
      {[18, 168, 262, 42].map((hue, index) => (
        <div
          key={hue}
          className={`scene-tile scene-${String(index)}`}
          style={{ '--hue': hue } as React.CSSProperties}
        >
          <svg viewBox="0 0 160 120" preserveAspectRatio="xMidYMax slice">
            <path className="scene-body" d="M30 128c0-34 22-52 50-52s50 18 50 52z" />
            <path className="scene-neck" d="M68 62h24v18c0 7-5 12-12 12s-12-5-12-12z" />
            <circle className="scene-face" cx="80" cy="48" r="24" />
            <path
              className="scene-hair"
              d={
                [
                  'M54 52c-4-26 12-36 26-36s30 8 26 36c-3-12-9-18-15-20-12 6-28 4-37 20z',
                  'M52 74c-8-34 4-58 28-58s36 24 28 58c-6 2-9 0-10-4 5-16 2-26-4-34-9 6-22 6-30 4-6 8-6 18-2 30-1 4-4 6-10 4z',
                  'M56 46c0-20 12-28 24-28s24 8 24 28c-3-6-6-10-10-12-10 2-20 2-28 0-4 2-7 6-10 12z',
                  'M54 50c-2-24 10-34 26-34 14 0 28 10 26 32-2-4-4-8-8-10-14 2-24-2-30-8-4 8-10 10-14 20z',
                ][index]
              }
            />
          </svg>
          {index === 1 && <span className="scene-bubble" />}
        </div>
      ))}
    </div>
  );
}
