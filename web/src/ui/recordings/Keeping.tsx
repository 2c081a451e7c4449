/** What whoever looks may do with a recording: how long it is kept, who may watch, another film, the end of it. */
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { Attendee, RecordingDetails } from '../../meeting/index.ts';
import { dayOf } from '../frame/when.ts';
import { Links } from './Links.tsx';
import { may } from './may.ts';
import type { RecordingsClient } from './RecordingsPage.tsx';
import { Sharing } from './Sharing.tsx';
import { WORDS } from './words.ts';

const DAY_MS = 86_400_000;

interface KeepingProps {
  readonly recording: RecordingDetails;
  readonly recordings: RecordingsClient;
  readonly onChanged: (recording: RecordingDetails) => void;
}

export function Keeping({ recording, recordings, onChanged }: KeepingProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [isFailed, setFailed] = useState(false);
  const change = (work: Promise<RecordingDetails>): void => {
    setFailed(false);
    work.then(onChanged, () => {
      setFailed(true);
    });
  };
  const { id } = recording;
  return (
    <section className="recordings-keeping">
      {recording.recordedBytes !== 0 && (
        <Retention
          recording={recording}
          onChoice={(until) => {
            change(recordings.keepUntil(id, until));
          }}
        />
      )}
      {may(recording, 'share') && (
        <SharingWithAttendees
          recording={recording}
          recordings={recordings}
          onChoice={(chosen) => {
            change(recordings.share(id, chosen));
          }}
        />
      )}
      {recording.state === 'ready' && may(recording, 'link') && <Links id={id} recordings={recordings} />}
      {may(recording, 'delete') && (
        <Deletion
          onDelete={() => {
            change(recordings.delete(id));
          }}
        />
      )}
      {isFailed && <p role="alert">{t('changeFailed')}</p>}
    </section>
  );
}

function SharingWithAttendees(
  props: Pick<KeepingProps, 'recording' | 'recordings'> & {
    readonly onChoice: (access: RecordingDetails['access']) => void;
  },
): ReactNode {
  const people = useAttendees(props.recordings, props.recording.meeting);
  return <Sharing access={props.recording.access} people={people} onChoice={props.onChoice} />;
}

/** Nobody until they are known, and where they cannot be: ids can be given all the same. */
function useAttendees(recordings: RecordingsClient, meeting: string): readonly Attendee[] {
  const [people, setPeople] = useState<readonly Attendee[]>([]);
  useEffect(() => {
    let isWanted = true;
    recordings.attendees(meeting).then(
      (found) => {
        if (isWanted) setPeople(found);
      },
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [recordings, meeting]);
  return people;
}

function Retention(props: {
  readonly recording: RecordingDetails;
  readonly onChoice: (until: string | null) => void;
}): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const { legalHold, retainUntil } = props.recording;
  const [tomorrow] = useState(() => new Date(Date.now() + DAY_MS).toISOString().slice(0, 10));
  if (legalHold) return <p>{t('held')}</p>;
  const until =
    retainUntil === null ? t('keptForGood') : t('keptUntil', { date: dayOf(retainUntil, i18n.language) });
  if (!may(props.recording, 'keep')) return <p>{until}</p>;
  return (
    <fieldset className="recordings-sharing">
      <legend>{until}</legend>
      <div className="recordings-until">
        <label>
          {t('retention')}
          <input
            type="date"
            min={tomorrow}
            value={retainUntil?.slice(0, 10) ?? ''}
            onChange={(event) => {
              if (event.target.value !== '') props.onChoice(`${event.target.value}T23:59:59Z`);
            }}
          />
        </label>
        {retainUntil !== null && (
          <Button
            className="button"
            onPress={() => {
              props.onChoice(null);
            }}
          >
            {t('forGood')}
          </Button>
        )}
      </div>
    </fieldset>
  );
}

/** Asks twice: nobody gets a recording back. */
function Deletion({ onDelete }: { readonly onDelete: () => void }): ReactNode {
  const { t } = useTranslation(WORDS);
  const [isAsked, setAsked] = useState(false);
  return (
    <Button
      className={`button ${isAsked ? 'danger' : ''}`}
      onPress={() => {
        if (isAsked) onDelete();
        setAsked(!isAsked);
      }}
      onBlur={() => {
        setAsked(false);
      }}
    >
      {t(isAsked ? 'deleteReally' : 'delete')}
    </Button>
  );
}
