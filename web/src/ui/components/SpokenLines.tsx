/** What a screen reader says of the open chat: the lines of others as they come, a flood of them as a number. */
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatMessage } from '../../meeting/index.ts';
import { FEW, type Told } from '../pace.ts';
import { PacedLines } from '../PacedLines.ts';

type Spoken = Told<ChatMessage> & { readonly number: number };

interface SpokenLinesProps {
  readonly messages: readonly ChatMessage[];
  readonly self: string | null;
}

export function SpokenLines({ messages, self }: SpokenLinesProps): ReactNode {
  const { t } = useTranslation();
  const spoken = useSpoken(messages, self);
  return (
    <div className="visually-hidden" aria-live="polite">
      {spoken.map((told) => (
        <p key={told.number} dir="auto">
          {told.kind === 'many'
            ? t('chat.many', { count: told.count })
            : t(told.line.to === undefined ? 'chat.note' : 'chat.privateNote', {
                name: told.line.displayName,
                text: told.line.text,
              })}
        </p>
      ))}
    </div>
  );
}

/** The last few; what was there when the chat was opened is read by whoever goes there. */
function useSpoken(messages: readonly ChatMessage[], self: string | null): readonly Spoken[] {
  const [spoken, setSpoken] = useState<readonly Spoken[]>([]);
  const [lines] = useState(
    () =>
      new PacedLines<ChatMessage>((told) => {
        setSpoken((before) => [...before, { ...told, number: (before.at(-1)?.number ?? 0) + 1 }].slice(-FEW));
      }),
  );
  const known = useRef(new Set(messages.map(({ id }) => id)));
  useEffect(() => {
    const come = messages.filter(({ id }) => !known.current.has(id));
    for (const { id } of come) known.current.add(id);
    const others = come.filter(({ from }) => from !== self);
    if (others.length > 0) lines.add(others);
  }, [messages, self, lines]);
  useEffect(
    () => () => {
      lines.close();
    },
    [lines],
  );
  return spoken;
}
