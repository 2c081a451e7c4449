/**
 * MeetingError: the one error that calls of a meeting reject with.
 *
 * The code tells what to do next; the message is for logs, user interfaces have their own words.
 */
export type MeetingErrorCode =
  | 'meeting_not_found'
  | 'meeting_ended'
  | 'meeting_full'
  | 'guests_not_allowed'
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
  | 'share_denied'
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
