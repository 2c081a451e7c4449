import { SendHorizontal } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button, Form, Input, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { ChatMessage, MeetingClient, MeetingSnapshot } from '../../meeting/index.ts';
import { SidePanel } from './SidePanel.tsx';

interface ChatPanelProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
}

export function ChatPanel({ meeting, snapshot }: ChatPanelProps): ReactNode {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const end = useRef<HTMLLIElement>(null);
  const { messages, self } = snapshot;

  useEffect(() => {
    end.current?.scrollIntoView({ block: 'end' });
  }, [messages]);

  const send = (): void => {
    if (text.trim() === '') return;
    meeting.sendMessage(text.trim());
    setText('');
  };

  return (
    <SidePanel title={t('meeting.chat')}>
      {messages.length === 0 && (
        <div className="chat-empty">
          <p>{t('chat.empty')}</p>
          <small>{t('chat.emptyHint')}</small>
        </div>
      )}
      <ol className="chat" aria-live="polite">
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
      <Form
        className="panel-foot chat-form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <TextField value={text} onChange={setText} aria-label={t('chat.label')} maxLength={4000} autoFocus>
          <Input placeholder={t('chat.placeholder')} autoComplete="off" />
        </TextField>
        <Button
          type="submit"
          className="icon-button send"
          aria-label={t('chat.send')}
          isDisabled={text.trim() === ''}
        >
          <SendHorizontal aria-hidden />
        </Button>
      </Form>
    </SidePanel>
  );
}

interface LineProps {
  readonly message: ChatMessage;
  readonly isOwn: boolean;
  readonly isFollowUp: boolean;
}

function Line({ message, isOwn, isFollowUp }: LineProps): ReactNode {
  const { i18n } = useTranslation();
  const time = new Date(message.at).toLocaleTimeString(i18n.language, { hour: '2-digit', minute: '2-digit' });
  return (
    <li className={`line ${isOwn ? 'own' : ''} ${isFollowUp ? 'follows' : ''}`}>
      {!isFollowUp && (
        <span className="line-head">
          {message.displayName} <time dateTime={message.at}>{time}</time>
        </span>
      )}
      <p>{message.text}</p>
    </li>
  );
}
