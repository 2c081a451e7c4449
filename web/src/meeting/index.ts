/** The public interface of Parley's client SDK: import from here, not from the files behind it. */
import { Api, type ApiOptions, type MeetingDetails } from '../api/index.ts';
import { asMeetingError } from './errors.ts';
import { ResumeTokens, tabStorage } from './ResumeTokens.ts';

export {
  Api,
  ApiError,
  Recordings,
  SIGN_IN_PATH,
  SignIn,
  USER,
  WATCH_SECRET,
  type ApiOptions,
  type Attendee,
  type CompositionDetails,
  type FieldProblem,
  type FilmLayout,
  type JoinGrant,
  type MeetingDetails,
  type RecordingAction,
  type RecordingDetails,
  type AccessEntry,
  type GrowingMedia,
  type RecordingMedia,
  type RecordingState,
  type SignInOptions,
  type TrackFile,
  type WatchLink,
} from '../api/index.ts';
export { tabStorage } from './ResumeTokens.ts';

/** The token of one's place in a meeting, by which hosts call the API; null without a place. */
export function resumeTokenOf(meeting: string): string | null {
  return new ResumeTokens(tabStorage()).load(meeting);
}

export * from '../media/index.ts';
export { canConnect } from '../rtc/index.ts';
export { MeetingError, type MeetingErrorCode } from './errors.ts';
export { Meeting } from './Meeting.ts';
export { testConnection, type ConnectionTestOptions } from './connectionTest/testConnection.ts';
export type * from './connectionTest/types.ts';
export type { MeetingOptions } from './options.ts';
export type { AdaptationSnapshot } from './adaptation/Adaptation.ts';
export { PLANS, codecFor, planAt, type Plan } from './adaptation/policy.ts';
export { mayModerate, mayPublish } from './snapshot.ts';
export type * from './types.ts';
export type { MeetingStatistics, StreamStatistics } from './Statistics.ts';
export { diagnosticsOf, readSurroundings, type Diagnostics, type Surroundings } from './diagnostics.ts';

/**
 * What anyone with the code may know of a meeting, for a page that invites to join.
 *
 * @throws MeetingError
 */
export async function fetchMeeting(
  apiUrl: string,
  meeting: string,
  options: Pick<ApiOptions, 'fetch'> = {},
): Promise<MeetingDetails> {
  try {
    return await new Api({ ...options, apiUrl }).fetchMeeting(meeting);
  } catch (error) {
    throw asMeetingError(error);
  }
}

/**
 * Makes a meeting of whoever signed in.
 *
 * @throws MeetingError
 */
export async function createMeeting(
  apiUrl: string,
  accessToken: () => Promise<string | null>,
): Promise<MeetingDetails> {
  try {
    return await new Api({ apiUrl, accessToken }).createMeeting();
  } catch (error) {
    throw asMeetingError(error);
  }
}
