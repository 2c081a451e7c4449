/** The control plane's HTTP API, as a client in a meeting uses it. */
export { Api, joinAnswerOf, type ApiOptions, type Tagged } from './Api.ts';
export {
  Recordings,
  USER,
  WATCH_SECRET,
  type Attendee,
  type CompositionDetails,
  type FilmLayout,
  type RecordingAction,
  type RecordingDetails,
  type AccessEntry,
  type GrowingMedia,
  type RecordingMedia,
  type RecordingPage,
  type RecordingState,
  type TrackFile,
  type WatchLink,
} from './Recordings.ts';
export { ApiError, type ApiErrorCode, type FieldProblem } from './errors.ts';
export { SIGN_IN_PATH, SignIn, type SignInOptions } from './SignIn.ts';
export { isWaiting } from './types.ts';
export type { JoinAnswer, JoinGrant, JoinRequest, MeetingDetails } from './types.ts';
