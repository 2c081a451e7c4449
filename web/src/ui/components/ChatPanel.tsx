import '../styles/chat.css';
import { ArrowDown, CircleAlert, Lock } from 'lucide-react';
import { useRef, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type {
  ChatMessage,
  MeetingClient,
  MeetingSnapshot,
  OutgoingMessage,
  ParticipantSnapshot,
} from '../../meeting/index.ts';
import { partsOf } from '../chat.ts';
import { whoReads } from '../people.ts';
import { useSettings } from '../settings.ts';
import { useFollowedEnd } from '../useFollowedEnd.ts';
import { Composer } from './Composer.tsx';
import { SidePanel } from './SidePanel.tsx';
import { SpokenLines } from './SpokenLines.tsx';

interface ChatPanelProps {
  readonly meeting: MeetingClient;
  readonly snapshot: MeetingSnapshot;
}

export default function ChatPanel({ meeting, snapshot }: ChatPanelProps): ReactNode {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const isAnnounced = useSettings(({ announces }) => announces.chat);
  const { messages, outgoing, participants, self } = snapshot;
  const last = outgoing.at(-1)?.key ?? messages.at(-1)?.id ?? null;
  const { hasNews, goToEnd, onScroll } = useFollowedEnd(list, last);

  return (
    <SidePanel title={t('meeting.chat')}>
      {messages.length + outgoing.length === 0 && (
        <div className="chat-empty">
          <p>{t('chat.empty')}</p>
          <small>{t('chat.emptyHint')}</small>
        </div>
      )}
      {isAnnounced && <SpokenLines messages={messages} self={self?.id ?? null} />}
      <ol ref={list} className="chat" onScroll={onScroll}>
        {messages.map((message, index) => (
          <Line
            key={message.id}
            message={message}
            isOwn={message.from === self?.id}
            isFollowUp={isFollowUp(message, messages[index - 1])}
            to={addresseeOf(message, participants)}
          />
        ))}
        {outgoing.map((message) => (
          <Unsent
            key={message.key}
            message={message}
            meeting={meeting}
            to={addresseeOf(message, participants)}
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
        people={whoReads(participants)}
        isConnected={snapshot.state.kind === 'connected'}
        onSent={goToEnd}
      />
    </SidePanel>
  );
}

interface UnsentProps {
  readonly message: OutgoingMessage;
  readonly meeting: MeetingClient;
  readonly to: Addressee | null;
}

/** One's own words on their way, or what became of them. */
function Unsent({ message: { key, text, state, reason }, meeting, to }: UnsentProps): ReactNode {
  const { t } = useTranslation();
  return (
    <li className={`line own unsent ${state} ${to === null ? '' : 'private'}`}>
      {to !== null && (
        <span className="line-head">
          <PrivateMark to={to} />
        </span>
      )}
      <p dir="auto">{text}</p>
      {state === 'sending' ? (
        <small>{t('chat.sending')}</small>
      ) : (
        <small className="unsent-note" role="status">
          <CircleAlert aria-hidden />{' '}
          {t(reason === 'too_large' ? 'chat.tooLong' : reason === null ? 'chat.notSent' : 'chat.notTaken')}{' '}
          <Button
            className="link"
            onPress={() => {
              meeting.resendMessage(key);
            }}
          >
            {t('chat.tryAgain')}
          </Button>{' '}
          <Button
            className="link"
            onPress={() => {
              meeting.discardMessage(key);
            }}
          >
            {t('chat.discard')}
          </Button>
        </small>
      )}
    </li>
  );
}

interface LineProps {
  readonly message: ChatMessage;
  readonly isOwn: boolean;
  readonly isFollowUp: boolean;
  /** Whom alone it is for; null where everyone has it. */
  readonly to: Addressee | null;
}

type Addressee = { readonly kind: 'self' | 'gone' } | { readonly kind: 'other'; readonly name: string };

function addresseeOf(
  { to }: Pick<ChatMessage, 'to'>,
  people: readonly ParticipantSnapshot[],
): Addressee | null {
  if (to === undefined) return null;
  const one = people.find(({ id }) => id === to);
  if (one === undefined) return { kind: 'gone' };
  return one.isSelf ? { kind: 'self' } : { kind: 'other', name: one.displayName };
}

function isFollowUp(message: ChatMessage, before: ChatMessage | undefined): boolean {
  return before !== undefined && before.from === message.from && before.to === message.to;
}

function Line({ message, isOwn, isFollowUp, to }: LineProps): ReactNode {
  const { i18n } = useTranslation();
  const at = new Date(message.at);
  const time = Number.isNaN(at.getTime())
    ? ''
    : at.toLocaleTimeString(i18n.language, { hour: '2-digit', minute: '2-digit' });
  return (
    <li
      className={`line ${isOwn ? 'own' : ''} ${isFollowUp ? 'follows' : ''} ${to === null ? '' : 'private'}`}
    >
      {!isFollowUp && (
        <span className="line-head">
          <bdi>{message.displayName}</bdi>{' '}
          <time dateTime={message.at}>
            <bdi>{time}</bdi>
          </time>
          {to !== null && <PrivateMark to={to} />}
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

function PrivateMark({ to }: { readonly to: Addressee }): ReactNode {
  const { t } = useTranslation();
  const words = { self: 'chat.toYou', gone: 'chat.toOne', other: 'chat.toName' } as const;
  return (
    <span className="line-to" dir="auto">
      <Lock aria-hidden /> {t(words[to.kind], { name: to.kind === 'other' ? to.name : '' })}
    </span>
  );
}
