/** Every meeting that goes on, with its people and what it costs; and the end of one. */
import { useCallback, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { readPages } from '../frame/answers.ts';
import { Confirm } from '../frame/Confirm.tsx';
import { Listed } from '../frame/Listed.tsx';
import { useNamed } from '../frame/named.ts';
import { momentOf, sizeOf } from '../frame/when.ts';
import type { OwnMeeting } from '../own/meetings.ts';
import { always, usePolled } from '../usePolled.ts';
import type { Operation } from './operation.ts';
import { WORDS } from './words.ts';

export function LiveMeetings({ operation }: { readonly operation: Operation }): ReactNode {
  const { t } = useTranslation(WORDS);
  const [pages, setPages] = useState(1);
  const [ending, setEnding] = useState<OwnMeeting | null>(null);
  const ask = useCallback(() => readPages(operation.liveMeetings, pages), [operation, pages]);
  const polled = usePolled(ask, always);
  return (
    <>
      <Listed
        polled={polled}
        empty={t('meetings.none')}
        onMore={() => {
          setPages(pages + 1);
        }}
      >
        {(meetings) => (
          <ul className="card-list">
            {meetings.map((meeting) => (
              <Row key={meeting.id} meeting={meeting} onEnd={setEnding} />
            ))}
          </ul>
        )}
      </Listed>
      {ending !== null && (
        <Confirm
          title={t('meetings.confirmTitle', { name: ending.title ?? ending.code })}
          text={t('meetings.confirmText')}
          yes={t('meetings.end')}
          onYes={async () => {
            await operation.endMeeting(ending.id);
            polled.again();
          }}
          onClose={() => {
            setEnding(null);
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  readonly meeting: OwnMeeting;
  readonly onEnd: (meeting: OwnMeeting) => void;
}

function Row({ meeting, onEnd }: RowProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const named = useNamed();
  const name = meeting.title ?? t('meetings.untitled');
  const { liveSince } = meeting;
  return (
    <li className="card" aria-label={name}>
      <div className="card-words">
        <h3>{name}</h3>
        <p className="card-facts">
          <span className="code">{meeting.code}</span>
          <bdi>{t('meetings.people', { count: meeting.participantCount })}</bdi>
          <bdi>{t('meetings.sent', { size: sizeOf(meeting.egressBytes, i18n.language) })}</bdi>
          <span>{meeting.homeRegion}</span>
          {liveSince !== null && (
            <bdi>{t('meetings.since', { time: momentOf(liveSince, i18n.language) })}</bdi>
          )}
        </p>
      </div>
      <div className="card-actions">
        <Button
          className="button"
          aria-label={named(t('meetings.end'), name)}
          onPress={() => {
            onEnd(meeting);
          }}
        >
          {t('meetings.end')}
        </Button>
      </div>
    </li>
  );
}
