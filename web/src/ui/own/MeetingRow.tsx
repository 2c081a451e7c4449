/** One meeting in the list, and what its owner may do with it now. */
import { CalendarDays, Check, Copy, KeyRound, Pencil, Trash2, Video } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Confirm } from '../frame/Confirm.tsx';
import { useNamed } from '../frame/named.ts';
import type { Around } from '../frame/PageFrame.tsx';
import { PageLink } from '../frame/PageLink.tsx';
import { saveFile } from '../frame/saveFile.ts';
import { lengthOf, minutesBetween, spanOf } from '../frame/when.ts';
import { calendarOf } from './calendar.ts';
import { useInvitation } from './invitation.ts';
import type { OwnMeeting, OwnMeetings } from './meetings.ts';
import { WhoWasThere } from './WhoWasThere.tsx';
import { WORDS } from './words.ts';

interface MeetingRowProps extends Pick<Around, 'onGo'> {
  readonly meeting: OwnMeeting;
  readonly meetings: OwnMeetings;
  /** `said` is for who cannot see that a row has gone. */
  readonly onChanged: (said: string) => void;
}

export function MeetingRow(props: MeetingRowProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const named = useNamed();
  const { meeting, meetings, onGo } = props;
  const name = meeting.title ?? t('untitled');
  return (
    <li className="card" aria-label={name}>
      <div className="card-words">
        <h3>{name}</h3>
        <Facts meeting={meeting} />
      </div>
      <div className="card-actions">
        {meeting.state !== 'ended' && (
          <>
            <PageLink
              to={{ kind: 'meeting', code: meeting.code }}
              onGo={onGo}
              className={`button ${meeting.state === 'live' ? 'primary' : ''}`}
              label={named(t('join'), name)}
            >
              <Video aria-hidden /> {t('join')}
            </PageLink>
            <Invite meeting={meeting} name={name} />
            <PageLink
              to={{ kind: 'meetings', open: meeting.id }}
              onGo={onGo}
              className="button"
              label={named(t('edit'), name)}
            >
              <Pencil aria-hidden /> {t('edit')}
            </PageLink>
          </>
        )}
        <Ending {...props} name={name} />
      </div>
      {meeting.state === 'ended' && <WhoWasThere meeting={meeting} meetings={meetings} name={name} />}
    </li>
  );
}

function Facts({ meeting }: { readonly meeting: OwnMeeting }): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const { language } = i18n;
  const facts =
    meeting.state === 'ended'
      ? pastFacts(meeting, language)
      : [
          spanOf(
            meeting.startsAt ?? (meeting.state === 'live' ? meeting.liveSince : null),
            meeting.endsAt,
            language,
          ),
          meeting.state === 'live' ? t('thereNow', { count: meeting.participantCount }) : '',
          meeting.waitingRoom ? t('facts.waitingRoom') : '',
          meeting.guests ? '' : t('facts.noGuests'),
          meeting.recording === 'off' ? '' : t(`facts.recording.${meeting.recording}`),
          meeting.encryption === 'endToEnd' ? t('facts.encrypted') : '',
        ];
  return (
    <p className="card-facts">
      <span className="code">{meeting.code}</span>
      {meeting.hasPasscode && (
        <span>
          <KeyRound aria-hidden /> {t('facts.passcode')}
        </span>
      )}
      {facts
        .filter((fact) => fact !== '')
        .map((fact) => (
          <bdi key={fact}>{fact}</bdi>
        ))}
      {meeting.state === 'ended' && (
        <bdi>{t('attended', { length: lengthOf(meeting.participantMinutes, language) })}</bdi>
      )}
    </p>
  );
}

function pastFacts(meeting: OwnMeeting, language: string): readonly string[] {
  const { liveSince, endedAt, startsAt, createdAt } = meeting;
  if (liveSince === null || endedAt === null) return [spanOf(startsAt ?? createdAt, null, language)];
  return [spanOf(liveSince, endedAt, language), lengthOf(minutesBetween(liveSince, endedAt), language)];
}

type Named = { readonly meeting: OwnMeeting; readonly name: string };

function Invite({ meeting, name }: Named): ReactNode {
  const { t } = useTranslation(WORDS);
  const named = useNamed();
  const invitation = useInvitation();
  const [said, setSaid] = useState<'copied' | 'copyFailed' | null>(null);
  const copy = (): void => {
    writeToClipboard(invitation(meeting)).then(
      () => {
        setSaid('copied');
      },
      () => {
        setSaid('copyFailed');
      },
    );
  };
  const save = (): void => {
    const text = calendarOf(meeting, name, invitation(meeting), Date.now());
    saveFile(`${meeting.code}.ics`, 'text/calendar;charset=utf-8', text);
  };
  return (
    <>
      <Button className="button" onPress={copy} aria-label={named(t('invite'), name)}>
        {said === 'copied' ? <Check aria-hidden /> : <Copy aria-hidden />} {t('invite')}
      </Button>
      <Button className="button" onPress={save} aria-label={named(t('calendar'), name)}>
        <CalendarDays aria-hidden /> {t('calendar')}
      </Button>
      <span role="status" className={said === 'copyFailed' ? 'card-note' : 'visually-hidden'}>
        {said === null ? '' : t(said)}
      </span>
    </>
  );
}

/** Pages without a secure address have no clipboard, whatever the types say: the promise is then refused. */
async function writeToClipboard(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}

function Ending({ meeting, meetings, name, onChanged }: MeetingRowProps & Named): ReactNode {
  const { t } = useTranslation(WORDS);
  const named = useNamed();
  const [asks, setAsks] = useState<'end' | 'delete' | null>(null);
  const act = async (): Promise<void> => {
    if (asks === 'end') await meetings.end(meeting.id);
    else await meetings.remove(meeting.id);
    onChanged(t(asks === 'end' ? 'ended' : 'deleted', { name }));
  };
  const verb = meeting.state === 'created' ? 'cancel' : 'delete';
  return (
    <>
      {meeting.state === 'live' && (
        <Button
          className="button"
          aria-label={named(t('end'), name)}
          onPress={() => {
            setAsks('end');
          }}
        >
          {t('end')}
        </Button>
      )}
      <Button
        className="button"
        aria-label={named(t(verb), name)}
        onPress={() => {
          setAsks('delete');
        }}
      >
        <Trash2 aria-hidden /> {t(verb)}
      </Button>
      {asks !== null && (
        <Confirm
          title={t(`confirm.${asks === 'end' ? 'end' : verb}.title`, { name })}
          text={t(`confirm.${asks === 'end' ? 'end' : verb}.text`)}
          yes={t(asks === 'end' ? 'end' : verb === 'cancel' ? 'cancelYes' : verb)}
          onYes={act}
          onClose={() => {
            setAsks(null);
          }}
        />
      )}
    </>
  );
}
