/** The public interface of Parley's client SDK: import from here, not from the files behind it. */
export type * from './types.ts';
export { MeetingError, type MeetingErrorCode } from './errors.ts';
export type * from '../media/types.ts';
export type { MeetingDetails } from '../api/types.ts';
/*
 * Next here: `new Meeting({ apiUrl, resumeToken? })` (a MeetingClient), `new LocalMedia()` (a LocalMediaClient),
 * `new LevelMeter(track)` (a LevelMeterClient) and `fetchMeeting(apiUrl, meeting): Promise<MeetingDetails>`, which
 * rejects with a MeetingError.
 */
