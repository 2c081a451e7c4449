"""Errors of the media node.

MediaNodeError
├── ClientError              what a client sent is wrong or not allowed; it is told the code
│   ├── MalformedError       not of the contract
│   ├── TooLargeError        longer than a message may be
│   ├── UnsupportedTypeError a body of another media type
│   ├── SdpError             an offer that cannot be answered
│   ├── TokenError           no, forged, expired or foreign join token
│   ├── NotGrantedError      not in the token's grants
│   ├── NotFoundError        no such track, slot, participant or session
│   ├── ConflictError        contradicts the state, such as a stale epoch
│   │   └── ScreenTakenError somebody else shares a screen
│   ├── TooOftenError        more than the pace that is allowed
│   ├── MeetingEndedError
│   ├── ResumeError          the session to be resumed is gone
│   └── NodeFullError        full or closing
├── KeySetError              the signing keys cannot be had
├── JobError             a composition job that cannot be done, now or later
├── LeaseLostError       another composer works at the job
├── WorkerError          a process that decodes has died or stands still
├── ManifestError            a recording's manifest that cannot be read
├── StorageError             no bucket takes what was recorded
└── LayerOrderError          a broken invariant: a ladder that does not ascend
"""


class MediaNodeError(Exception):
    """Everything this package raises."""


class ClientError(MediaNodeError):
    """A client's mistake. `code` is for machines, the message for people, `close_code` for the WebSocket."""

    code = "bad_request"
    close_code = 4400
    status = 400


class MalformedError(ClientError):
    code = "malformed"


class TooLargeError(ClientError):
    code = "too_large"
    close_code = 4413
    status = 413


class UnsupportedTypeError(ClientError):
    code = "unsupported_media_type"
    status = 415


class SdpError(ClientError):
    code = "sdp_invalid"
    status = 422


class TokenError(ClientError):
    code = "token_invalid"
    close_code = 4401
    status = 401


class NotGrantedError(ClientError):
    code = "not_granted"
    close_code = 4403
    status = 403


class NotFoundError(ClientError):
    code = "not_found"
    close_code = 4404
    status = 404


class ConflictError(ClientError):
    code = "conflict"
    close_code = 4409
    status = 409


class ScreenTakenError(ConflictError):
    code = "screen_taken"


class TooOftenError(ClientError):
    code = "too_often"
    status = 429


class MeetingEndedError(ClientError):
    code = "meeting_ended"
    close_code = 4410
    status = 410


class ResumeError(ClientError):
    code = "resume_failed"
    close_code = 4404
    status = 404


class NodeFullError(ClientError):
    code = "node_full"
    close_code = 4503
    status = 503


class KeySetError(MediaNodeError):
    """The JWKS could not be fetched or read."""


class ManifestError(MediaNodeError):
    """A page or entry of a recording's manifest is not of the contract."""


class StorageError(MediaNodeError):
    """Neither the bucket nor its backup takes an object now."""


class JobError(MediaNodeError):
    """A composition job cannot be done, however often it is tried: the message says why.

    Attributes:
        code: The same for programs, which have words of their own for it.
    """

    def __init__(self, message: str, code: str = "bad_job") -> None:
        super().__init__(message)
        self.code = code


class LeaseLostError(MediaNodeError):
    """Another composer has taken the job over."""


class WorkerError(MediaNodeError):
    """The process that decodes died or stood still; `clip` is the number of the clip it was at, if any."""

    def __init__(self, message: str, clip: int | None = None) -> None:
        super().__init__(message)
        self.clip = clip


class LayerOrderError(MediaNodeError):
    """Rungs of a ladder do not ascend by cost."""
