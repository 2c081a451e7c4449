"""What hosts and servers do to recordings: start, pause, go on, stop, list, keep, make films of, delete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.composition import Composition, Kind, Layout
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import RandomBytes, RecordingId, derived_id, is_id, new_id, new_token
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.permissions import (
    ApiKeyCaller,
    Caller,
    Keeper,
    LinkCaller,
    Operation,
    Owned,
    ParticipantCaller,
    UserCaller,
    is_allowed,
    standing_of,
)
from chalicelib.domain.recording import (
    Recording,
    Wanted,
    ask,
    has_media,
    is_active,
    layout_as_recorded,
    rearrange,
)
from chalicelib.domain.recording_access import is_named
from chalicelib.domain.recording_actions import RecordingAction, actions_of
from chalicelib.domain.recording_changes import (
    Hindrance,
    compose,
    delete,
    hindrance_of,
    is_composing,
    keep,
    note,
)
from chalicelib.domain.scopes import has_scope
from chalicelib.errors import (
    AlreadyRecordingError,
    BrokenRule,
    ControlPlaneError,
    ForbiddenError,
    IdempotencyConflictError,
    MeetingEmptyError,
    MeetingEncryptedError,
    MeetingEndedError,
    MeetingNotFoundError,
    RecordingBusyError,
    RecordingGoneError,
    RecordingHeldError,
    RecordingNotFoundError,
    RecordingNotRunningError,
    RecordingOffError,
    StoreUnavailableError,
    UnauthorizedError,
    ValidationFailedError,
)
from chalicelib.services.changes import tries
from chalicelib.services.meetings import Meetings, require_keeper, require_scope
from chalicelib.services.protocols import MeetingStore, RecordingStore
from chalicelib.services.recorders import Recorders


@dataclass(frozen=True)
class Requester:
    """Who asks, and when."""

    caller: Caller
    request_id: str
    now: datetime
    # The address that the request came from.
    source: str | None = None

    @property
    def name(self) -> str:
        return name_of(self.caller)


class Recordings:
    def __init__(
        self,
        meetings: Meetings,
        store: MeetingStore,
        recordings: RecordingStore,
        recorders: Recorders,
        random_bytes: RandomBytes,
    ) -> None:
        self._meetings = meetings
        self._store = store
        self._recordings = recordings
        self._recorders = recorders
        self._random_bytes = random_bytes

    # While the meeting goes on.

    def start(self, by: Requester, meeting: str, layout: Layout, key: str | None) -> Recording:
        """Begin to record a meeting; the same key with the same wishes gives the same recording again.

        Raises:
            MeetingEndedError, RecordingOffError, MeetingEncryptedError, AlreadyRecordingError,
            MeetingEmptyError: It cannot be recorded now.
            IdempotencyConflictError: The key came with other wishes before.
        """
        wanted = hashlib.sha256(json.dumps([meeting, layout]).encode()).hexdigest()
        for _ in tries():
            found = self._meetings.authorise(by.caller, meeting, "start_recording").meeting
            name = RecordingId(
                new_id("rec", self._random_bytes)
                if key is None
                else derived_id("rec", found.id, by.name, key)
            )
            earlier = self._recordings.by_id(name) if key is not None else None
            if earlier is not None:
                if earlier.request != wanted:
                    raise IdempotencyConflictError("This Idempotency-Key came with another request before.")
                return earlier
            _refuse(hindrance_of(found))
            change, recording = self._recorders.begun(
                Change.of(found), name, by.name, by.now, layout=layout, request=wanted
            )
            if self._store.commit(change) is None:
                return self._told(change, recording.id, by)
        raise _too_many()

    def direct(self, by: Requester, name: str, wanted: Wanted) -> Recording:
        """Let it pause, go on, or stop for good. What is so already is told to its node again.

        Raises:
            RecordingNotRunningError: It has stopped, and cannot be paused or go on.
        """

        def decide(meeting: Meeting, recording: Recording) -> Change:
            if wanted != "stopped" and (recording.wanted == "stopped" or not is_active(recording)):
                raise RecordingNotRunningError("This recording has stopped; start another one.")
            return note(Change.of(meeting), ask(recording, wanted, by.now), by.now)

        change, recording = self.apply(by, name, "control_recording", decide)
        return self._told(change, recording.id, by) if change.events else recording

    # Looking.

    def show(self, caller: Caller, name: str) -> Recording:
        return self.authorise(caller, name, "see_recording")[0]

    def actions(self, caller: Caller, recording: Recording) -> list[RecordingAction]:
        """What the caller may do now to a recording that they see; calls for all else are refused."""
        me = None
        if isinstance(caller, ParticipantCaller):
            people = self._store.participants_by_id(recording.meeting, {caller.participant})
            me = people.get(caller.participant)
        whose = Owned(recording.meeting, recording.tenant, recording.organiser)
        standing = standing_of(caller, whose, me)
        is_named_too = not is_allowed(standing, "open_recording") and is_named(
            recording, caller, me, self._visited(caller, recording)
        )

        def may(operation: Operation) -> bool:
            return is_allowed(standing, operation, named=is_named_too) and has_scope(caller, operation)

        return actions_of(recording, may)

    def of_meeting(
        self, caller: Caller, meeting: str, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Recording], str | None]:
        """Newest first; `after` is the mark that the page before ended with."""
        found = self._meetings.find(caller, meeting, "see_recording")
        mine = [one for one in self._store.recordings(found.id) if state in (None, one.state)]
        marks = {mark_of(one): one for one in mine}
        rest = [mark for mark in sorted(marks, reverse=True) if after is None or mark < after]
        kept = rest[:limit]
        return [marks[mark] for mark in kept], kept[-1] if len(rest) > limit else None

    def page(
        self, caller: Keeper, state: str | None, limit: int, after: str | None, of_tenant: bool = False
    ) -> tuple[list[Recording], str | None]:
        """A server sees all of its tenant's recordings, a person those of the meetings that they made.

        Args:
            of_tenant: All of the tenant's, for somebody who operates the installation.
        """
        if not is_allowed(standing_of(caller, None, None), "list_recordings"):
            raise ForbiddenError("Only a tenant's API key, or somebody who signed in, may list recordings.")
        require_scope(caller, "list_recordings")
        if of_tenant:
            require_keeper(caller)
        elif isinstance(caller, UserCaller):
            return self._recordings.page_of(caller.user, state, limit, after)
        return self._recordings.page(caller.tenant, state, limit, after)

    # Afterwards.

    def change(
        self, by: Requester, name: str, fields: dict[str, Any], check: Callable[[Recording], None]
    ) -> Recording:
        """How long it is kept, whether it must be, who may open it, and how its film goes on.

        Args:
            fields: Some of `retain_until`, `legal_hold`, `access`, `layout`.
            check: Refuses, by an error, a change of the state that it is given.

        Raises:
            ForbiddenError: The caller may not make every one of these changes: a hold is for the tenant's
                servers and operators, who may open it for servers and hosts.
            RecordingNotRunningError: Its layout changes while it is recorded; later, films are made anew.
            RecordingGoneError, ValidationFailedError: see there.
        """
        until = fields.get("retain_until")
        if until is not None and until <= by.now:
            raise ValidationFailedError([BrokenRule("/retainUntil", "It is kept until a time to come.")])
        layout: Layout | None = fields.get("layout")
        kept = {one: value for one, value in fields.items() if one != "layout"}
        # Other people may do the one than may do the others; nothing is done unless all may be.
        *others, operation = _operations(fields)
        for other in others:
            self.authorise(by.caller, name, other)

        def decide(meeting: Meeting, recording: Recording) -> Change:
            _require_there(recording)
            check(recording)
            change = Change.of(meeting)
            if layout is not None:
                if not is_active(recording) or recording.wanted == "stopped":
                    raise RecordingNotRunningError("This recording has stopped; have another film made.")
                change = note(change, rearrange(recording, layout, by.now), by.now)
            recording = change.recording_by_id.get(recording.id, recording)
            return keep(change, recording, by.now, kept) if kept else change

        return self.apply(by, name, operation, decide)[1]

    def compose(
        self, by: Requester, name: str, wanted: Layout | None, key: str | None, kind: Kind = "film"
    ) -> Composition:
        """Have another film made; while one of that layout is being made it is that one.

        Args:
            wanted: The layout of all of it; None: as hosts had it while it was recorded.
            kind: Another film, or each track joined to one file.

        Raises:
            RecordingBusyError: It has not stopped yet.
            RecordingGoneError, RecordingNotRunningError: There is nothing to make it of.
        """
        token = new_token(self._random_bytes)
        if key is not None:
            token = derived_id("job", name, by.name, key).removeprefix("job_")

        def decide(meeting: Meeting, recording: Recording) -> Change:
            _require_there(recording)
            if is_active(recording):
                raise RecordingBusyError("A film is made when the recording has stopped.")
            if not has_media(recording):
                raise RecordingNotRunningError("Nothing was recorded: there is nothing to make a film of.")
            known = next((one for one in recording.compositions if one.job == f"job_{token}"), None)
            layout = _layout(recording, kind, wanted)
            if known is not None and (known.kind, known.layout) != (kind, layout):
                raise IdempotencyConflictError("This Idempotency-Key came with another request before.")
            if known is not None:
                return Change.of(meeting)
            return compose(meeting, recording, layout, token, by.name, by.now, kind)

        recording = self.apply(by, name, "compose_recording", decide)[1]
        made = [one for one in recording.compositions if one.job == f"job_{token}"]
        like = (kind, _layout(recording, kind, wanted))
        return (made or [one for one in recording.compositions if (one.kind, one.layout) == like])[-1]

    def delete(self, by: Requester, name: str, check: Callable[[Recording], None]) -> Recording:
        """Delete it for good; its objects follow within minutes. Deleting it again changes nothing.

        Raises:
            RecordingHeldError, RecordingBusyError: It cannot be deleted now.
        """

        def decide(meeting: Meeting, recording: Recording) -> Change:
            if recording.state in ("deleting", "deleted"):
                return Change.of(meeting)
            check(recording)
            if recording.legal_hold:
                raise RecordingHeldError("A legal hold keeps this recording; it has to be lifted first.")
            if is_active(recording) or is_composing(recording):
                raise RecordingBusyError("It is being recorded, or a film of it made: stop it, or wait.")
            return delete(meeting, recording, by.name, by.now)

        return self.apply(by, name, "delete_recording", decide)[1]

    # What they share.

    def authorise(self, caller: Caller, name: str, operation: Operation) -> tuple[Recording, Meeting]:
        """The recording of an id as it is now, if the caller may do the operation to it.

        Raises:
            RecordingNotFoundError: There is none, or it is another tenant's.
            UnauthorizedError, ForbiddenError, InsufficientScopeError: As for meetings.
        """
        found = self._recordings.by_id(RecordingId(name)) if is_id(name, "rec") else None
        if found is None:
            raise _not_there(name)
        known = found

        def names(meeting: Meeting, me: Participant | None) -> bool:
            return is_named(known, caller, me, self._visited(caller, known))

        try:
            meeting = self._meetings.authorise(caller, found.meeting, operation, names=names).meeting
        except MeetingNotFoundError:
            raise _not_there(name) from None
        except UnauthorizedError:
            if isinstance(caller, LinkCaller):
                raise UnauthorizedError("This link has ended, was taken back, or is not for this.") from None
            raise
        # Read after its meeting: a change of one that was written between the two readings is refused.
        found = self._recordings.by_id(found.id)
        if found is None:
            raise _not_there(name)
        return found, meeting

    def _visited(self, caller: Caller, recording: Recording) -> bool:
        if not isinstance(caller, UserCaller) or not recording.access.participants:
            return False
        people = self._store.participants(recording.meeting)
        return any(one.external_id == caller.user and one.joined_at is not None for one in people)

    def apply(
        self,
        by: Requester,
        name: str,
        operation: Operation,
        decide: Callable[[Meeting, Recording], Change],
    ) -> tuple[Change, Recording]:
        """Decide on the newest state until it is written; what was written, and the recording afterwards."""
        for _ in tries():
            recording, meeting = self.authorise(by.caller, name, operation)
            change = decide(meeting, recording)
            if self._store.commit(change) is None:
                return change, change.recording_by_id.get(recording.id, recording)
        raise _too_many()

    def _told(self, change: Change, name: RecordingId, by: Requester) -> Recording:
        recording = change.recording_by_id[name]
        self._recorders.tell(change.after, [recording], by.request_id, by.now)
        return recording


def name_of(caller: Caller) -> str:
    """Who did something, for the log."""
    if isinstance(caller, ApiKeyCaller):
        return caller.key
    if isinstance(caller, UserCaller):
        return caller.user
    if isinstance(caller, LinkCaller):
        return caller.link
    return caller.participant if isinstance(caller, ParticipantCaller) else "guest"


def mark_of(recording: Recording) -> str:
    """Sorts as the times do when they were asked for; the stores' lists have the same."""
    asked = recording.requested_at.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"{asked}#{recording.id}#{recording.meeting}"


def _refuse(hindrance: Hindrance | None) -> None:
    reasons: dict[Hindrance, ControlPlaneError] = {
        "ended": MeetingEndedError("This meeting has ended."),
        "off": RecordingOffError('This meeting is not to be recorded: its setting "recording" is "off".'),
        "encrypted": MeetingEncryptedError(
            "This meeting is end-to-end encrypted: no media node can decrypt and record it."
        ),
        "running": AlreadyRecordingError("A recording of this meeting goes on already."),
        "empty": MeetingEmptyError(
            'Nobody is in this meeting yet; with "recording": "automatic" it is recorded from its start.'
        ),
    }
    if hindrance is not None:
        raise reasons[hindrance]


_OPERATION_BY_FIELD: Mapping[str, Operation] = {
    "layout": "control_recording",
    "legal_hold": "hold_recording",
    "access": "share_recording",
    "retain_until": "change_recording",
}


def _operations(fields: Iterable[str]) -> list[Operation]:
    """What a change of these fields is to the policy; of none, what the least of them is."""
    return [_OPERATION_BY_FIELD[field] for field in fields] or ["change_recording"]


def _layout(recording: Recording, kind: Kind, wanted: Layout | None) -> Layout | None:
    """Of a composition; joined tracks have none."""
    return None if kind == "tracks" else wanted or layout_as_recorded(recording)


def _require_there(recording: Recording) -> None:
    if recording.state in ("deleting", "deleted"):
        raise RecordingGoneError("This recording was deleted.")


def _not_there(name: str) -> RecordingNotFoundError:
    return RecordingNotFoundError(f"There is no recording {name[:64]}.")


def _too_many() -> StoreUnavailableError:
    return StoreUnavailableError("Too many changes of this meeting came at once.")
