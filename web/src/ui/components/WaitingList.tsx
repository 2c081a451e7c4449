import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { MeetingClient } from '../../meeting/index.ts';
import type { Door } from '../useHosting.ts';
import { Avatar } from './Avatar.tsx';
import { showToast } from './toasts.ts';

interface WaitingListProps {
  readonly meeting: MeetingClient;
  readonly door: Door;
}

/** Those at the door, for hosts to let in or turn away. */
export function WaitingList({ meeting, door }: WaitingListProps): ReactNode {
  const { t } = useTranslation();
  if (door.waiting.length === 0) return null;
  const decide = (work: Promise<void>): void => {
    work
      .catch(() => {
        showToast(t('meeting.refused'));
      })
      .finally(door.refresh);
  };
  return (
    <section className="waiting" aria-labelledby="waiting-title">
      <header>
        <h3 id="waiting-title">
          <bdi>{t('people.waiting', { count: door.waiting.length })}</bdi>
        </h3>
        <Button
          className="button quiet"
          onPress={() => {
            decide(meeting.hosting.admitAll());
          }}
        >
          {t('people.admitAll')}
        </Button>
      </header>
      <ul>
        {door.waiting.map(({ id, displayName }) => (
          <li key={id}>
            <Avatar id={id} name={displayName} />
            <bdi className="person-name">{displayName}</bdi>
            <span className="waiting-answers">
              <Button
                className="button quiet"
                aria-label={t('people.deny', { name: displayName })}
                onPress={() => {
                  decide(meeting.hosting.deny(id));
                }}
              >
                {t('people.denyShort')}
              </Button>
              <Button
                className="button primary"
                aria-label={t('people.admit', { name: displayName })}
                onPress={() => {
                  decide(meeting.hosting.admit(id));
                }}
              >
                {t('people.admitShort')}
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
