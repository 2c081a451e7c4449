/** Who was given a recording, what of it and when: for those who answer for it, asked for when they want to know. */
import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccessEntry, RecordingDetails } from '../../meeting/index.ts';
import { readPages, type Page } from '../frame/answers.ts';
import { Listed } from '../frame/Listed.tsx';
import { momentOf } from '../frame/when.ts';
import { never, usePolled } from '../usePolled.ts';
import type { RecordingsClient } from './RecordingsPage.tsx';
import { WORDS } from './words.ts';

interface AccessLogProps {
  readonly recording: RecordingDetails;
  readonly recordings: RecordingsClient;
}

export function AccessLog(props: AccessLogProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="recordings-log"
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>{t('log')}</summary>
      <p>{t('logHint')}</p>
      {isOpen && <Entries {...props} />}
    </details>
  );
}

/** An entry, and what whoever it names was called in the meeting. */
interface Named extends AccessEntry {
  readonly name: string | null;
}

function Entries({ recording: { id, meeting }, recordings }: AccessLogProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const [pages, setPages] = useState(1);
  const ask = useCallback(async (): Promise<Page<Named>> => {
    const [{ items, nextCursor }, names] = await Promise.all([
      readPages<AccessEntry>((cursor) => recordings.accessLog(id, cursor), pages),
      namesOf(recordings, meeting),
    ]);
    return { items: items.map((entry) => ({ ...entry, name: names.get(entry.by) ?? null })), nextCursor };
  }, [recordings, id, meeting, pages]);
  return (
    <Listed
      polled={usePolled(ask, never)}
      empty={t('logNone')}
      onMore={() => {
        setPages(pages + 1);
      }}
    >
      {(entries) => (
        <ol>
          {entries.map((entry) => (
            <li key={`${entry.at} ${entry.requestId}`}>
              <Who entry={entry} />
              <What kinds={entry.kinds} />
              <time dateTime={entry.at}>
                <bdi>{momentOf(entry.at, i18n.language)}</bdi>
              </time>
            </li>
          ))}
        </ol>
      )}
    </Listed>
  );
}

/** Operators may see a log without who was in the meeting: ids then stand for names. */
async function namesOf(recordings: RecordingsClient, meeting: string): Promise<ReadonlyMap<string, string>> {
  try {
    const [people, users] = await Promise.all([recordings.names(meeting), recordings.attendees(meeting)]);
    return new Map([...people, ...users.map(({ user, name }) => [user, name] as const)]);
  } catch {
    return new Map();
  }
}

function Who({ entry: { by, name } }: { readonly entry: Named }): ReactNode {
  const { t } = useTranslation(WORDS);
  if (name !== null) return <bdi>{name}</bdi>;
  if (by.startsWith('lnk_')) return <span>{t('logBy.link')}</span>;
  if (by.startsWith('key_')) return <span>{t('logBy.server', { id: by })}</span>;
  if (by.startsWith('usr_')) return <span>{t('logBy.account', { id: by })}</span>;
  return <span>{t('logBy.guest')}</span>;
}

function What({ kinds }: { readonly kinds: readonly string[] }): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const has = (...some: readonly string[]): boolean => some.some((kind) => kinds.includes(kind));
  const what = [
    ...(has('mp4', 'hls', 'thumbnails') ? [t('logWhat.film')] : []),
    ...(has('tracks', 'trackFiles') ? [t('logWhat.tracks')] : []),
    ...(has('manifest') ? [t('logWhat.manifest')] : []),
  ];
  return <span>{new Intl.ListFormat(i18n.language, { type: 'unit' }).format(what)}</span>;
}
