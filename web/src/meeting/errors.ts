/**
 * MeetingError: the one error that calls of a meeting reject with.
 *
 * The code tells what to do next; the message is for logs, user interfaces have their own words.
 */
import { ApiError } from '../api/index.ts';
export type MeetingErrorCode =
  | 'meeting_not_found'
  | 'meeting_ended'
  | 'meeting_full'
  | 'meeting_not_open'
  | 'guests_not_allowed'
  | 'passcode_required'
  | 'passcode_wrong'
  /** Too many wrong passcodes; `retryAfterMs` says when to try again. */
  | 'too_many_attempts'
  | 'meeting_locked'
  /** A host did not let this person in, or took them out before. */
  | 'barred'
  /** No media node has room now; `retryAfterMs` says when to try again. */
  | 'no_capacity'
  | 'unauthorized'
  | 'forbidden'
  /** What was sent is wrong, `errors` of the problem says where (`displayName` too long, …). */
  | 'invalid_request'
  /** API or node could not be reached. */
  | 'unreachable'
  /** The node answered, but no media path came up: usually a firewall that drops UDP. */
  | 'media_path_failed'
  /** The node or the browser refused what the other side said; a version mismatch or a bug. */
  | 'protocol_error'
  /** It has no WebRTC, as Safari in Lockdown Mode. */
  | 'browser_unsupported'
  /** Who or what it is about is not in the meeting, or no longer. */
  | 'not_found'
  /** Asked for more often than the node takes it. */
  | 'too_often'
  | 'share_denied'
  /** Somebody else shares already, and taking over takes a host. */
  | 'share_taken'
  | 'share_unsupported'
  | 'server_error';

export class MeetingError extends Error {
  override readonly name = 'MeetingError';
  readonly code: MeetingErrorCode;
  readonly retryAfterMs: number | null;

  constructor(
    code: MeetingErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number | null } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Close codes of docs/signaling.md, and what they mean to somebody who wanted in. */
const CODE_BY_CLOSE: Readonly<Record<number, MeetingErrorCode>> = {
  4400: 'protocol_error',
  4401: 'unauthorized',
  4403: 'forbidden',
  4404: 'meeting_not_found',
  4409: 'protocol_error',
  4410: 'meeting_ended',
  4413: 'protocol_error',
  4503: 'no_capacity',
};

export function errorOfClose(code: number, reason: string): MeetingError {
  const known = CODE_BY_CLOSE[code];
  const text = reason === '' ? `close code ${String(code)}` : reason;
  return new MeetingError(known ?? 'unreachable', `the media node ended the connection: ${text}`);
}

/** Codes of the node that say what to do; others are a disagreement of the two programs. */
const CODE_OF_REFUSAL: Readonly<Record<string, MeetingErrorCode>> = {
  not_granted: 'forbidden',
  not_found: 'not_found',
  too_often: 'too_often',
};

export function errorOfRefusal(code: string, message: string): MeetingError {
  return new MeetingError(CODE_OF_REFUSAL[code] ?? 'protocol_error', `the media node refused it: ${message}`);
}

export function errorOfApi(error: ApiError): MeetingError {
  const options = { cause: error, retryAfterMs: error.retryAfterMs };
  switch (error.code) {
    case 'validation_failed':
      return new MeetingError('invalid_request', error.message, options);
    // Of recordings and of the pages around meetings, whose calls are not a visit's.
    case 'recording_off':
    case 'meeting_encrypted':
    case 'already_recording':
    case 'meeting_empty':
    case 'recording_not_running':
    case 'precondition_failed':
    case 'recordings_kept':
    case 'limit_reached':
    case 'unexpected':
      return new MeetingError('server_error', error.message, options);
    default:
      return new MeetingError(error.code, error.message, options);
  }
}

/** Whether trying again can help: nothing answered, or there was no room this time. */
export function isPassing(error: MeetingError): boolean {
  return error.code === 'unreachable' || error.code === 'no_capacity' || error.code === 'server_error';
}

/**
 * Whether another try to enter can help after so many: the node had trouble or no room, or the token ran out on the way,
 * which a fresh one mends once. The API itself was tried more than once already.
 */
export function mayEnterAgain(error: MeetingError, entries: number): boolean {
  if (error.cause instanceof ApiError) return false;
  return isPassing(error) || (error.code === 'unauthorized' && entries === 1);
}

/** Anything thrown on the way into a meeting, as the error that callers were promised. */
export function asMeetingError(error: unknown): MeetingError {
  if (error instanceof MeetingError) return error;
  if (error instanceof ApiError) return errorOfApi(error);
  const message = error instanceof Error ? error.message : String(error);
  return new MeetingError('protocol_error', message, { cause: error });
}

/** Whether the same person may simply answer better: the passcode was missing or wrong. */
export function isAboutPasscode(error: MeetingError): boolean {
  return error.code === 'passcode_required' || error.code === 'passcode_wrong';
}
