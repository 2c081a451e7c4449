/** The control plane's HTTP API, as a client in a meeting uses it. */
export { Api, type ApiOptions } from './Api.ts';
export { ApiError, type ApiErrorCode } from './errors.ts';
export { SIGN_IN_PATH, SignIn, type SignInOptions } from './SignIn.ts';
export type { JoinGrant, JoinRequest, MeetingDetails } from './types.ts';
