/** A meeting of somebody, for tests. */
import type { OwnMeeting } from './meetings.ts';

export function aMeeting(changes: Partial<OwnMeeting> = {}): OwnMeeting {
  return {
    id: 'mtg_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    code: 'abc-defg-hij',
    title: 'Weekly',
    state: 'created',
    link: 'https://parley.test/m/abc-defg-hij',
    guests: true,
    hasPasscode: false,
    waitingRoom: false,
    homeRegion: 'local',
    encryption: 'transport',
    recording: 'off',
    maxParticipants: 100,
    participantCount: 0,
    participantMinutes: 0,
    egressBytes: 0,
    startsAt: null,
    endsAt: null,
    liveSince: null,
    endedAt: null,
    createdAt: '2026-11-28T09:00:00.000Z',
    ...changes,
  };
}
