/** The meetings that somebody made: what goes on, what comes, what was; and a way to make another one. */
import { CalendarPlus, Plus } from 'lucide-react';
import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { readPages, type Page } from '../frame/answers.ts';
import { Listed } from '../frame/Listed.tsx';
import { useFailureWords } from '../frame/Notice.tsx';
import { PageFrame, type Around } from '../frame/PageFrame.tsx';
import { NEW_MEETING } from '../route.ts';
import { always, usePolled, type Polled } from '../usePolled.ts';
import { MeetingRow } from './MeetingRow.tsx';
import { ownMeetings, type MeetingState, type OwnMeeting, type OwnMeetings } from './meetings.ts';
import { ScheduleDialog } from './ScheduleDialog.tsx';
import { WORDS } from './words.ts';

/** Who comes and goes elsewhere is seen soon; one's own changes are shown at once. */
const PERIOD_MS = 10_000;

interface MyMeetingsPageProps extends Around {
  /** Of the meeting that is open over the list, `new` for one that is being made. */
  readonly open: string | null;
}

export function MyMeetingsPage({ account, onGo, open }: MyMeetingsPageProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const meetings = useMemo(() => ownMeetings(account.api), [account]);
  const aside = <Beginnings meetings={meetings} onGo={onGo} />;
  return (
    <PageFrame account={account} onGo={onGo} title={t('title')} current="meetings" aside={aside}>
      {() => <Sections meetings={meetings} onGo={onGo} open={open} />}
    </PageFrame>
  );
}

type Parts = { readonly meetings: OwnMeetings } & Pick<MyMeetingsPageProps, 'onGo'>;

function Beginnings({ meetings, onGo }: Parts): ReactNode {
  const { t } = useTranslation(WORDS);
  const failureWords = useFailureWords();
  const [problem, setProblem] = useState<string | null>(null);
  const begin = (): void => {
    setProblem(null);
    meetings.create({}).then(
      ({ code }) => {
        onGo({ kind: 'meeting', code });
      },
      (error: unknown) => {
        setProblem(failureWords(error));
      },
    );
  };
  return (
    <div className="account-actions">
      <Button className="button" onPress={begin}>
        <Plus aria-hidden /> {t('instant')}
      </Button>
      <Button
        className="button primary"
        onPress={() => {
          onGo({ kind: 'meetings', open: NEW_MEETING });
        }}
      >
        <CalendarPlus aria-hidden /> {t('schedule')}
      </Button>
      {problem !== null && <p role="alert">{problem}</p>}
    </div>
  );
}

function Sections({ meetings, onGo, open }: Parts & Pick<MyMeetingsPageProps, 'open'>): ReactNode {
  const { t } = useTranslation(WORDS);
  const live = useMeetings(meetings, 'live');
  const coming = useMeetings(meetings, 'created');
  const past = useMeetings(meetings, 'ended');
  const [note, setNote] = useState('');
  const refresh = (said: string): void => {
    setNote(said);
    for (const { again } of [live.polled, coming.polled, past.polled]) again();
  };
  const section = (name: string, listed: Listing, items: readonly OwnMeeting[] | null = null): ReactNode => (
    <section aria-labelledby={`meetings-${name}`} className="account-section">
      <h2 id={`meetings-${name}`}>{t(`section.${name}`)}</h2>
      <Listed polled={listed.polled} empty={t(`none.${name}`)} onMore={listed.more}>
        {(found) => (
          <ul className="card-list">
            {(items ?? found).map((meeting) => (
              <MeetingRow
                key={meeting.id}
                meeting={meeting}
                meetings={meetings}
                onGo={onGo}
                onChanged={refresh}
              />
            ))}
          </ul>
        )}
      </Listed>
    </section>
  );
  return (
    <>
      <p className="visually-hidden" role="status">
        {note}
      </p>
      {section('live', live)}
      {section('coming', coming, soonestFirst(coming.polled))}
      {section('past', past)}
      {open !== null && (
        <ScheduleDialog
          key={open}
          meetings={meetings}
          id={open === NEW_MEETING ? null : open}
          onDone={refresh}
          onClose={() => {
            onGo({ kind: 'meetings' });
          }}
        />
      )}
    </>
  );
}

interface Listing {
  readonly polled: Polled<Page<OwnMeeting>>;
  readonly more: () => void;
}

function useMeetings(meetings: OwnMeetings, state: MeetingState): Listing {
  const [pages, setPages] = useState(1);
  const ask = useCallback(
    () => readPages((cursor) => meetings.page(state, cursor), pages),
    [meetings, state, pages],
  );
  const more = useCallback(() => {
    setPages((before) => before + 1);
  }, []);
  return { polled: usePolled(ask, always, PERIOD_MS), more };
}

/** Those without a time are for now, and come first. */
function soonestFirst({ asked }: Polled<Page<OwnMeeting>>): readonly OwnMeeting[] | null {
  if (asked.kind !== 'known') return null;
  return asked.value.items.toSorted((one, other) => (one.startsAt ?? '').localeCompare(other.startsAt ?? ''));
}
