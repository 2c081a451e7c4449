/** The people of a meeting that is over, asked for when somebody wants to know. */
import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page } from '../frame/answers.ts';
import { Listed } from '../frame/Listed.tsx';
import { useNamed } from '../frame/named.ts';
import { lengthOf } from '../frame/when.ts';
import { never, usePolled } from '../usePolled.ts';
import type { Attendee, OwnMeeting, OwnMeetings } from './meetings.ts';
import { WORDS } from './words.ts';

interface WhoWasThereProps {
  readonly meeting: OwnMeeting;
  readonly meetings: OwnMeetings;
  readonly name: string;
}

export function WhoWasThere({ meeting, meetings, name }: WhoWasThereProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const named = useNamed();
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="card-more"
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary aria-label={named(t('who'), name)}>{t('who')}</summary>
      {isOpen && <People id={meeting.id} meetings={meetings} />}
    </details>
  );
}

function People({ id, meetings }: { readonly id: string; readonly meetings: OwnMeetings }): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const ask = useCallback(async (): Promise<Page<Attendee>> => {
    const people = await meetings.people(id);
    // Who only knocked was not there.
    return { items: people.filter(({ attendedMinutes }) => attendedMinutes > 0), nextCursor: null };
  }, [meetings, id]);
  return (
    <Listed polled={usePolled(ask, never)} empty={t('nobodyCame')} onMore={() => undefined}>
      {(people) => (
        <ul className="plain-list">
          {people.map(({ id: person, displayName, attendedMinutes }) => (
            <li key={person}>
              <bdi>{displayName}</bdi> <bdi>{lengthOf(attendedMinutes, i18n.language)}</bdi>
            </li>
          ))}
        </ul>
      )}
    </Listed>
  );
}
