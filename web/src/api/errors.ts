/** ApiError: an HTTP answer that is not the one hoped for, with the code of its problem details (RFC 9457). */
export type ApiErrorCode =
  | 'meeting_not_found'
  | 'meeting_ended'
  | 'meeting_full'
  | 'meeting_not_open'
  | 'guests_not_allowed'
  | 'passcode_required'
  | 'passcode_wrong'
  | 'too_many_attempts'
  | 'meeting_locked'
  /** A host said no, or took this person out before. */
  | 'barred'
  | 'recording_off'
  /** Nodes cannot decrypt it. */
  | 'meeting_encrypted'
  | 'already_recording'
  /** Nobody has come yet. */
  | 'meeting_empty'
  | 'recording_not_running'
  | 'no_capacity'
  | 'unauthorized'
  | 'forbidden'
  | 'validation_failed'
  /** It changed since it was read. */
  | 'precondition_failed'
  /** Its recordings have to go first. */
  | 'recordings_kept'
  /** As many as there may be. */
  | 'limit_reached'
  /** No answer at all: offline, refused, or longer than our patience. */
  | 'unreachable'
  | 'unexpected';

/** A JSON pointer, such as `/endsAt`, and a sentence. */
export interface FieldProblem {
  readonly pointer: string;
  readonly detail: string;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly retryAfterMs: number | null;
  readonly requestId: string | null;
  /** Of a 422: which fields are wrong, and why, in the API's words. */
  readonly fields: readonly FieldProblem[];

  constructor(
    code: ApiErrorCode,
    message: string,
    details: {
      readonly status: number;
      readonly retryAfterMs?: number | null;
      readonly requestId?: string | null;
      readonly fields?: readonly FieldProblem[];
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.requestId = details.requestId ?? null;
    this.fields = details.fields ?? [];
  }
}

const KNOWN: readonly ApiErrorCode[] = [
  'meeting_not_found',
  'meeting_ended',
  'meeting_full',
  'meeting_not_open',
  'guests_not_allowed',
  'passcode_required',
  'passcode_wrong',
  'too_many_attempts',
  'meeting_locked',
  'barred',
  'recording_off',
  'meeting_encrypted',
  'already_recording',
  'meeting_empty',
  'recording_not_running',
  'no_capacity',
  'unauthorized',
  'forbidden',
  'validation_failed',
  'precondition_failed',
  'recordings_kept',
  'limit_reached',
];

const BY_STATUS: Readonly<Record<number, ApiErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'meeting_not_found',
  410: 'meeting_ended',
  412: 'precondition_failed',
  422: 'validation_failed',
  423: 'meeting_locked',
  429: 'too_many_attempts',
  503: 'no_capacity',
};

/** Reads a problem document; a gateway's plain page falls back to the status. */
export function errorOfAnswer(status: number, retryAfter: string | null, body: unknown): ApiError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const named = problem['code'] === 'removed' ? 'barred' : problem['code'];
  const code = KNOWN.find((known) => known === named) ?? BY_STATUS[status] ?? 'unexpected';
  const detail = problem['detail'] ?? problem['title'];
  return new ApiError(code, typeof detail === 'string' ? detail : `the API answered ${String(status)}`, {
    status,
    retryAfterMs: parseRetryAfterMs(retryAfter),
    requestId: typeof problem['requestId'] === 'string' ? problem['requestId'] : null,
    fields: Array.isArray(problem['errors']) ? problem['errors'].filter(isFieldProblem) : [],
  });
}

function isFieldProblem(value: unknown): value is FieldProblem {
  if (typeof value !== 'object' || value === null) return false;
  const { pointer, detail } = value as Record<string, unknown>;
  return typeof pointer === 'string' && typeof detail === 'string';
}

/** Seconds only: the API never sends the date form (RFC 9110, section 10.2.3). */
function parseRetryAfterMs(value: string | null): number | null {
  if (value === null || !/^\d+$/.test(value)) return null;
  return Number(value) * 1000;
}
