import { SendHorizontal } from 'lucide-react';
import type { KeyboardEvent, ReactNode } from 'react';
import { Button, Form, TextArea, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient, ParticipantSnapshot } from '../../meeting/index.ts';
import { draftOf, useDrafts, type Receiver } from '../drafts.ts';

interface ComposerProps {
  readonly meeting: MeetingClient;
  readonly code: string;
  /** To whom one may write alone. */
  readonly people: readonly ParticipantSnapshot[];
  readonly isConnected: boolean;
  readonly onSent: () => void;
}

/** While the connection is away one goes on writing; sending waits until it is back. */
export function Composer({ meeting, code, people, isConnected, onSent }: ComposerProps): ReactNode {
  const { t } = useTranslation();
  const drafts = useDrafts();
  const { text, to } = draftOf(drafts, code);
  const isGone = to !== null && !people.some(({ id }) => id === to.id);
  const canSend = isConnected && !isGone && text.trim() !== '';
  const send = (): void => {
    if (!canSend) return;
    if (to === null) meeting.sendMessage(text.trim());
    else meeting.sendMessage(text.trim(), to.id);
    drafts.write(code, '');
    onSent();
  };
  const sendByEnter = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    send();
  };
  return (
    <Form
      className="panel-foot chat-form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {!isConnected && (
        <p className="chat-offline" role="status">
          {t('chat.offline')}
        </p>
      )}
      {isGone && (
        <p className="chat-offline" role="status" dir="auto">
          {t('chat.gone', { name: to.name })}
        </p>
      )}
      {(people.length > 0 || to !== null) && (
        <ReceiverChoice
          people={people}
          to={to}
          onChoose={(chosen) => {
            drafts.address(code, chosen);
          }}
        />
      )}
      <TextField
        className="chat-write"
        // Its copy makes the field as high as what is in it.
        data-text={text}
        value={text}
        onChange={(written) => {
          drafts.write(code, written);
        }}
        aria-label={t('chat.label')}
        maxLength={4000}
        autoFocus
      >
        <TextArea
          rows={1}
          placeholder={
            to === null ? t('chat.placeholder') : t('chat.placeholderOne', { name: nameNow(to, people) })
          }
          autoComplete="off"
          enterKeyHint="send"
          dir="auto"
          onKeyDown={sendByEnter}
        />
      </TextField>
      <Button type="submit" className="icon-button send" aria-label={t('chat.send')} isDisabled={!canSend}>
        <SendHorizontal aria-hidden />
      </Button>
    </Form>
  );
}

/** Whoever was chosen may have another name by now. */
function nameNow({ id, name }: Receiver, people: readonly ParticipantSnapshot[]): string {
  return people.find((one) => one.id === id)?.displayName ?? name;
}

interface ReceiverChoiceProps {
  readonly people: readonly ParticipantSnapshot[];
  readonly to: Receiver | null;
  readonly onChoose: (to: Receiver | null) => void;
}

/** Everyone, or one person. Who has left stays chosen: what was written for one is not to go to all. */
function ReceiverChoice({ people, to, onChoose }: ReceiverChoiceProps): ReactNode {
  const { t } = useTranslation();
  const here = people.map(({ id, displayName }) => ({ id, name: displayName }));
  const offered = to === null || here.some(({ id }) => id === to.id) ? here : [...here, to];
  return (
    <label className={`chat-to ${to === null ? '' : 'is-private'}`}>
      {t('chat.to')}
      <select
        value={to?.id ?? ''}
        onChange={(event) => {
          onChoose(offered.find(({ id }) => id === event.target.value) ?? null);
        }}
      >
        <option value="">{t('chat.everyone')}</option>
        {offered.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Whether a key belongs to an input method. */
function isComposing({ nativeEvent }: KeyboardEvent): boolean {
  // Safari has ended the word by its last key: https://bugs.webkit.org/show_bug.cgi?id=165004
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Nothing else tells there.
  return nativeEvent.isComposing || nativeEvent.keyCode === 229;
}
