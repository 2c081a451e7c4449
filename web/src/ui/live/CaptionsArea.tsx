/** The latest of what is said, as text, under the stage; and a line to write for those who may. */
import { SendHorizontal } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button, Form, Input, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { CaptionLine, MeetingClient, MeetingSnapshot } from '../../meeting/index.ts';
import { usePreferences } from './preferences.ts';
import { LIVE } from './words.ts';

/** As subtitles have; who wants more reads the chat. */
const SHOWN = 3;
const MAX_LETTERS = 500;

interface CaptionsAreaProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
}

export function CaptionsArea({ meeting, snapshot }: CaptionsAreaProps): ReactNode {
  const { t } = useTranslation(LIVE);
  const { areCaptionsShown, captionSize, areCaptionsReadAloud } = usePreferences();
  const { captions, self } = snapshot;
  if (!areCaptionsShown) return null;
  const shown = captions.slice(-SHOWN);
  return (
    <section className={`captions ${captionSize}`} aria-label={t('captions.title')}>
      <ol>
        {shown.map((line, index) => (
          <Line key={line.id} line={line} isFollowUp={shown[index - 1]?.from === line.from} />
        ))}
      </ol>
      {areCaptionsReadAloud && <ReadAloud line={captions.findLast(({ isFinal }) => isFinal)} />}
      {shown.length === 0 && <p className="captions-empty">{t('captions.empty')}</p>}
      {self?.mayCaption === true && (
        <Composer meeting={meeting} isConnected={snapshot.state.kind === 'connected'} />
      )}
    </section>
  );
}

function Line({ line, isFollowUp }: { readonly line: CaptionLine; readonly isFollowUp: boolean }): ReactNode {
  return (
    <li className={line.isFinal ? '' : 'growing'}>
      {!isFollowUp && (
        <>
          <span className="caption-name">
            <bdi>{line.displayName}</bdi>
          </span>{' '}
        </>
      )}
      <span dir="auto">{line.text}</span>
    </li>
  );
}

/** Only what is final is read: a line that grows would be read anew with each word. */
function ReadAloud({ line }: { readonly line: CaptionLine | undefined }): ReactNode {
  return (
    <p className="visually-hidden" aria-live="polite">
      {line === undefined ? '' : `${line.displayName}: ${line.text}`}
    </p>
  );
}

/** Who writes keeps the focus here, line after line. */
function Composer(props: { readonly meeting: MeetingClient; readonly isConnected: boolean }): ReactNode {
  const { t } = useTranslation(LIVE);
  const { meeting, isConnected } = props;
  const [text, setText] = useState('');
  const canSend = isConnected && text.trim() !== '';
  return (
    <Form
      className="caption-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!canSend) return;
        meeting.captions.write(text);
        setText('');
      }}
    >
      <TextField value={text} onChange={setText} aria-label={t('captions.write')} maxLength={MAX_LETTERS}>
        <Input placeholder={t('captions.write')} autoComplete="off" dir="auto" />
      </TextField>
      <Button
        type="submit"
        className="icon-button send"
        aria-label={t('captions.send')}
        isDisabled={!canSend}
      >
        <SendHorizontal aria-hidden />
      </Button>
    </Form>
  );
}
