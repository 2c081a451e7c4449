import { ArrowDown, SendHorizontal } from 'lucide-react';
import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import { Button, Form, TextArea, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { ChatMessage, MeetingClient, MeetingSnapshot } from '../../meeting/index.ts';
import { partsOf } from '../chat.ts';
import { useDrafts } from '../drafts.ts';
import { useSettings } from '../settings.ts';
import { useFollowedEnd } from '../useFollowedEnd.ts';
import { SidePanel } from './SidePanel.tsx';

interface ChatPanelProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
}

export default function ChatPanel({ meeting, snapshot }: ChatPanelProps): ReactNode {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const isAnnounced = useSettings(({ announces }) => announces.chat);
  const { messages, self } = snapshot;
  const { hasNews, goToEnd, onScroll } = useFollowedEnd(list, messages.at(-1)?.id ?? null);

  return (
    <SidePanel title={t('meeting.chat')}>
      {messages.length === 0 && (
        <div className="chat-empty">
          <p>{t('chat.empty')}</p>
          <small>{t('chat.emptyHint')}</small>
        </div>
      )}
      <ol ref={list} className="chat" aria-live={isAnnounced ? 'polite' : 'off'} onScroll={onScroll}>
        {messages.map((message, index) => (
          <Line
            key={message.id}
            message={message}
            isOwn={message.from === self?.id}
            isFollowUp={messages[index - 1]?.from === message.from}
          />
        ))}
      </ol>
      {hasNews && (
        <Button className="button chat-news" onPress={goToEnd}>
          <ArrowDown aria-hidden /> {t('chat.news')}
        </Button>
      )}
      <Composer
        meeting={meeting}
        code={snapshot.meeting?.code ?? ''}
        isConnected={snapshot.state.kind === 'connected'}
        onSent={goToEnd}
      />
    </SidePanel>
  );
}

interface ComposerProps {
  readonly meeting: MeetingClient;
  readonly code: string;
  readonly isConnected: boolean;
  readonly onSent: () => void;
}

/** While the connection is away one goes on writing; sending waits until it is back. */
function Composer({ meeting, code, isConnected, onSent }: ComposerProps): ReactNode {
  const { t } = useTranslation();
  const drafts = useDrafts();
  const text = drafts.code === code ? drafts.text : '';
  const canSend = isConnected && text.trim() !== '';
  const send = (): void => {
    if (!canSend) return;
    meeting.sendMessage(text.trim());
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
          placeholder={t('chat.placeholder')}
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

/** Whether a key belongs to an input method. */
function isComposing({ nativeEvent }: KeyboardEvent): boolean {
  // Safari has ended the word by its last key: https://bugs.webkit.org/show_bug.cgi?id=165004
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Nothing else tells there.
  return nativeEvent.isComposing || nativeEvent.keyCode === 229;
}

interface LineProps {
  readonly message: ChatMessage;
  readonly isOwn: boolean;
  readonly isFollowUp: boolean;
}

function Line({ message, isOwn, isFollowUp }: LineProps): ReactNode {
  const { i18n } = useTranslation();
  const at = new Date(message.at);
  const time = Number.isNaN(at.getTime())
    ? ''
    : at.toLocaleTimeString(i18n.language, { hour: '2-digit', minute: '2-digit' });
  return (
    <li className={`line ${isOwn ? 'own' : ''} ${isFollowUp ? 'follows' : ''}`}>
      {!isFollowUp && (
        <span className="line-head">
          <bdi>{message.displayName}</bdi>{' '}
          <time dateTime={message.at}>
            <bdi>{time}</bdi>
          </time>
        </span>
      )}
      <p dir="auto">
        {partsOf(message.text).map((part, index) =>
          part.kind === 'text' ? (
            part.text
          ) : (
            // What was written by others says nothing of where one came from, and gets no handle on this page.
            <a key={index} href={part.href} title={part.href} target="_blank" rel="noopener noreferrer">
              {part.text}
            </a>
          ),
        )}
      </p>
    </li>
  );
}
