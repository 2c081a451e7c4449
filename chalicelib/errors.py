"""What a use case can answer instead of a result. Each code is part of the API.

ControlPlaneError
├── CallerError                   the caller's mistake or misfortune
│   ├── ValidationFailedError     what was sent breaks a rule; every broken rule has a pointer
│   ├── MalformedJsonError
│   ├── MalformedFormError
│   ├── InvalidScopeError         a token for more than its key may do
│   ├── UnsupportedMediaTypeError
│   ├── UnauthorizedError         no credentials, or none that are valid
│   ├── ForbiddenError            valid credentials without the right
│   │   ├── GuestsNotAllowedError
│   │   ├── PasscodeRequiredError
│   │   ├── PasscodeWrongError
│   │   ├── BarredError           refused, removed or banned
│   │   └── InsufficientScopeError  the API key is not for this
│   ├── MethodNotAllowedError     the path does not know the method
│   ├── NotFoundError             not there, or not the caller's to see
│   │   ├── MeetingNotFoundError
│   │   ├── ParticipantNotFoundError
│   │   └── RecordingNotFoundError
│   ├── MeetingEndedError
│   ├── CannotRecordError         the meeting cannot be recorded now
│   │   ├── RecordingOffError     its setting says so
│   │   ├── MeetingEncryptedError no node can decrypt it
│   │   ├── AlreadyRecordingError
│   │   └── MeetingEmptyError     nobody is there
│   ├── RecordingNotRunningError  it has stopped: it cannot be paused or go on
│   ├── RecordingHeldError        a legal hold keeps it
│   ├── RecordingBusyError        it is being recorded, or a film of it made
│   ├── RecordingGoneError        it was deleted
│   ├── MeetingNotOpenError       it is for later
│   ├── MeetingFullError
│   ├── PreconditionFailedError   it changed since the caller read it
│   ├── TooManyRequestsError
│   ├── LimitReachedError         a tenant has as many as it may
│   ├── MeetingLockedError        nobody new comes in
│   ├── TooManyAttemptsError      passcodes were guessed; wait
│   └── IdempotencyConflictError  one key, two different requests
├── NoCapacityError               no node has room now; try again
├── StoreUnavailableError         AWS did not answer; try again
└── BrokenArchiveError            the archive is not what was written
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


class ControlPlaneError(Exception):
    code: ClassVar[str] = "internal_error"


class CallerError(ControlPlaneError):
    pass


@dataclass(frozen=True)
class BrokenRule:
    """A place in the request, as a JSON pointer, and the rule that it breaks."""

    pointer: str
    detail: str


class ValidationFailedError(CallerError):
    code = "validation_failed"

    def __init__(self, broken: Sequence[BrokenRule]) -> None:
        super().__init__(" ".join(rule.detail for rule in broken[:3]))
        self.broken = tuple(broken)


class MalformedJsonError(CallerError):
    code = "malformed_json"


class MalformedFormError(CallerError):
    code = "malformed_form"


class InvalidScopeError(CallerError):
    code = "invalid_scope"


class UnsupportedMediaTypeError(CallerError):
    code = "unsupported_media_type"


class UnauthorizedError(CallerError):
    code = "unauthorized"


class ForbiddenError(CallerError):
    code = "forbidden"


class GuestsNotAllowedError(ForbiddenError):
    code = "guests_not_allowed"


class PasscodeRequiredError(ForbiddenError):
    code = "passcode_required"


class PasscodeWrongError(ForbiddenError):
    code = "passcode_wrong"


class BarredError(ForbiddenError):
    code = "removed"


class InsufficientScopeError(ForbiddenError):
    code = "insufficient_scope"


class MethodNotAllowedError(CallerError):
    code = "method_not_allowed"

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        super().__init__(f"This path does not know {method}.")
        self.allowed = allowed


class NotFoundError(CallerError):
    code = "not_found"


class MeetingNotFoundError(NotFoundError):
    code = "meeting_not_found"


class ParticipantNotFoundError(NotFoundError):
    code = "participant_not_found"


class RecordingNotFoundError(NotFoundError):
    code = "recording_not_found"


class CannotRecordError(CallerError):
    code = "cannot_record"


class RecordingOffError(CannotRecordError):
    code = "recording_off"


class MeetingEncryptedError(CannotRecordError):
    code = "meeting_encrypted"


class AlreadyRecordingError(CannotRecordError):
    code = "already_recording"


class MeetingEmptyError(CannotRecordError):
    code = "meeting_empty"


class RecordingNotRunningError(CallerError):
    code = "recording_not_running"


class RecordingHeldError(CallerError):
    code = "recording_held"


class RecordingBusyError(CallerError):
    code = "recording_busy"


class RecordingsKeptError(CallerError):
    code = "recordings_kept"


class RecordingGoneError(CallerError):
    code = "recording_deleted"


class MeetingEndedError(CallerError):
    code = "meeting_ended"


class MeetingNotOpenError(CallerError):
    code = "meeting_not_open"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class MeetingFullError(CallerError):
    code = "meeting_full"


class PreconditionFailedError(CallerError):
    code = "precondition_failed"


class TooManyRequestsError(CallerError):
    code = "too_many_requests"

    def __init__(self, detail: str, headers: Mapping[str, str]) -> None:
        super().__init__(detail)
        # What says when to come again.
        self.headers = headers


class LimitReachedError(CallerError):
    code = "limit_reached"


class MeetingLockedError(CallerError):
    code = "meeting_locked"


class TooManyAttemptsError(CallerError):
    code = "too_many_attempts"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class IdempotencyConflictError(CallerError):
    code = "idempotency_conflict"


class NoCapacityError(ControlPlaneError):
    code = "no_capacity"


class StoreUnavailableError(ControlPlaneError):
    code = "store_unavailable"


class BrokenArchiveError(ControlPlaneError):
    code = "broken_archive"
