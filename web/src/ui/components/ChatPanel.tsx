import { SendHorizontal } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { Button, Form, Input, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { ChatMessage, MeetingClient, MeetingSnapshot } from '../../meeting/index.ts';
import { partsOf } from '../chat.ts';
import { useDrafts } from '../drafts.ts';
import { useSettings } from '../settings.ts';
import { SidePanel } from './SidePanel.tsx';

interface ChatPanelProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
}

export default function ChatPanel({ meeting, snapshot }: ChatPanelProps): ReactNode {
  const { t } = useTranslation();
  const end = useRef<HTMLLIElement>(null);
  const isAnnounced = useSettings(({ announces }) => announces.chat);
  const { messages, self } = snapshot;

  useEffect(() => {
    end.current?.scrollIntoView({ block: 'end' });
  }, [messages]);

  return (
    <SidePanel title={t('meeting.chat')}>
      {messages.length === 0 && (
        <div className="chat-empty">
          <p>{t('chat.empty')}</p>
          <small>{t('chat.emptyHint')}</small>
        </div>
      )}
      <ol className="chat" aria-live={isAnnounced ? 'polite' : 'off'}>
        {messages.map((message, index) => (
          <Line
            key={message.id}
            message={message}
            isOwn={message.from === self?.id}
            isFollowUp={messages[index - 1]?.from === message.from}
          />
        ))}
        <li ref={end} aria-hidden />
      </ol>
      <Composer
        meeting={meeting}
        code={snapshot.meeting?.code ?? ''}
        isConnected={snapshot.state.kind === 'connected'}
      />
    </SidePanel>
  );
}

interface ComposerProps {
  readonly meeting: MeetingClient;
  readonly code: string;
  readonly isConnected: boolean;
}

/** While the connection is away one goes on writing; sending waits until it is back. */
function Composer({ meeting, code, isConnected }: ComposerProps): ReactNode {
  const { t } = useTranslation();
  const drafts = useDrafts();
  const text = drafts.code === code ? drafts.text : '';
  const canSend = isConnected && text.trim() !== '';
  const send = (): void => {
    if (!canSend) return;
    meeting.sendMessage(text.trim());
    drafts.write(code, '');
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
        value={text}
        onChange={(written) => {
          drafts.write(code, written);
        }}
        aria-label={t('chat.label')}
        maxLength={4000}
        autoFocus
      >
        <Input placeholder={t('chat.placeholder')} autoComplete="off" dir="auto" />
      </TextField>
      <Button type="submit" className="icon-button send" aria-label={t('chat.send')} isDisabled={!canSend}>
        <SendHorizontal aria-hidden />
      </Button>
    </Form>
  );
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
