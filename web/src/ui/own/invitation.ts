/** What one sends to those one wants to meet, and the passcodes that this page was told. */
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { OwnMeeting } from './meetings.ts';
import { spanOf } from '../frame/when.ts';
import { WORDS } from './words.ts';

/** Only while the page is open: the API keeps no passcode that could be read, and neither does the browser. */
const passcodes = new Map<string, string>();

export function rememberPasscode(meeting: string, passcode: string | null | undefined): void {
  if (passcode === undefined) return;
  if (passcode === null) passcodes.delete(meeting);
  else passcodes.set(meeting, passcode);
}

/** Title, time, link, code and, where it is known here, the passcode. */
export function useInvitation(): (meeting: OwnMeeting) => string {
  const { t, i18n } = useTranslation(WORDS);
  return useCallback(
    (meeting: OwnMeeting) => {
      const passcode = passcodes.get(meeting.id);
      const when = spanOf(meeting.startsAt, meeting.endsAt, i18n.language);
      const lines = [
        meeting.title ?? t('untitled'),
        when,
        t('invitation.address', { address: meeting.link }),
        t('invitation.code', { code: meeting.code }),
        passcode === undefined ? '' : t('invitation.passcode', { passcode }),
        meeting.hasPasscode && passcode === undefined ? t('invitation.passcodeUnknown') : '',
      ];
      return lines.filter((line) => line !== '').join('\n');
    },
    [t, i18n.language],
  );
}
