/** The API's calls about the meetings that somebody made. Keeps nothing. */
import type { AccountApi } from '../frame/account.ts';
import { pageOf, queryOf, unreadable, withTexts, type Page } from '../frame/answers.ts';

export type MeetingState = 'created' | 'live' | 'ended';
export type RecordingSetting = 'off' | 'allowed' | 'automatic';

export interface OwnMeeting {
  readonly id: string;
  readonly code: string;
  readonly title: string | null;
  readonly state: MeetingState;
  readonly link: string;
  readonly guests: boolean;
  readonly hasPasscode: boolean;
  readonly waitingRoom: boolean;
  readonly homeRegion: string;
  readonly encryption: 'transport' | 'endToEnd';
  readonly recording: RecordingSetting;
  readonly maxParticipants: number;
  readonly participantCount: number;
  readonly participantMinutes: number;
  readonly egressBytes: number;
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  readonly liveSince: string | null;
  readonly endedAt: string | null;
  readonly createdAt: string;
}

/** A meeting, and the name of the state that was read. */
export interface ReadMeeting {
  readonly meeting: OwnMeeting;
  readonly tag: string | null;
}

/** Somebody who was, is, or wanted to be there. */
export interface Attendee {
  readonly id: string;
  readonly displayName: string;
  readonly state: string;
  readonly attendedMinutes: number;
}

export interface Region {
  readonly id: string;
  readonly home: boolean;
}

/** What a meeting is made of, and changed to; what is left out stays as it is. */
export interface MeetingWishes {
  readonly title?: string | null;
  readonly startsAt?: string | null;
  readonly endsAt?: string | null;
  readonly passcode?: string | null;
  readonly waitingRoom?: boolean;
  readonly guests?: boolean;
  readonly maxParticipants?: number;
  readonly recording?: RecordingSetting;
  readonly region?: string;
}

const PAGE = 20;
const MEETING = ['id', 'code', 'state', 'link', 'createdAt'] as const;

export type OwnMeetings = ReturnType<typeof ownMeetings>;

/** Each rejects with an ApiError. */
export function ownMeetings(api: AccountApi) {
  return {
    page: async (state: MeetingState, cursor: string | null): Promise<Page<OwnMeeting>> =>
      pageOf<OwnMeeting>(
        await api.call('GET', `/meetings${queryOf({ state, limit: PAGE, cursor })}`),
        MEETING,
      ),

    read: async (id: string): Promise<ReadMeeting> => readOf(await api.exchange('GET', pathOf(id))),

    create: async (wishes: MeetingWishes): Promise<OwnMeeting> =>
      meetingOf(await api.call('POST', '/meetings', wishes)),

    change: async (id: string, wishes: MeetingWishes, tag: string | null): Promise<ReadMeeting> =>
      readOf(await api.exchange('PATCH', pathOf(id), wishes, tag ?? undefined)),

    end: async (id: string): Promise<OwnMeeting> =>
      meetingOf(await api.call('POST', `${pathOf(id)}/end`, {})),

    remove: async (id: string): Promise<void> => {
      await api.call('DELETE', pathOf(id));
    },

    people: async (id: string): Promise<readonly Attendee[]> =>
      pageOf<Attendee>(await api.call('GET', `${pathOf(id)}/participants`), ['id', 'displayName', 'state'])
        .items,

    regions: async (): Promise<readonly Region[]> =>
      pageOf<Region>(await api.call('GET', '/regions'), ['id']).items,
  };
}

function pathOf(id: string): string {
  return `/meetings/${encodeURIComponent(id)}`;
}

function meetingOf(body: unknown): OwnMeeting {
  return withTexts<OwnMeeting>(body, MEETING);
}

function readOf({ body, tag }: { readonly body: unknown; readonly tag: string | null }): ReadMeeting {
  const meeting = meetingOf(body);
  // Only its owner is shown all of it.
  if (typeof meeting.maxParticipants !== 'number') throw unreadable();
  return { meeting, tag };
}
