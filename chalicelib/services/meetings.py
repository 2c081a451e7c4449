"""Find, list and end meetings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.decisions import delete, end
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import (
    MeetingId,
    ParticipantId,
    is_id,
)
from chalicelib.domain.meeting import EndReason, Meeting
from chalicelib.domain.participant import Participant, Role, as_seen
from chalicelib.domain.permissions import (
    Caller,
    Keeper,
    Operation,
    ParticipantCaller,
    Standing,
    UserCaller,
    is_allowed,
    standing_of,
)
from chalicelib.domain.recording import Recording
from chalicelib.domain.scopes import has_scope
from chalicelib.errors import (
    BrokenRule,
    CallerError,
    ForbiddenError,
    InsufficientScopeError,
    MeetingNotFoundError,
    ParticipantNotFoundError,
    RecordingsKeptError,
    UnauthorizedError,
    ValidationFailedError,
)
from chalicelib.services.changes import write
from chalicelib.services.directory import Directory
from chalicelib.services.fleet import Fleet
from chalicelib.services.protocols import MeetingStore
from chalicelib.services.tenants import Tenants


@dataclass(frozen=True)
class Authority:
    """What a caller was found to be allowed: on this meeting, as this participant, about that one."""

    meeting: Meeting
    standing: Standing
    me: Participant | None
    subject: Participant | None

    @property
    def participant(self) -> Participant:
        """The participant that the operation is about."""
        if self.subject is None:
            raise ParticipantNotFoundError("There is no such participant in this meeting.")
        return self.subject


class Meetings:
    def __init__(
        self, store: MeetingStore, fleet: Fleet, tenants: Tenants, directory: Directory | None = None
    ) -> None:
        self._store = store
        self._directory = directory or Directory(store)
        self._fleet = fleet
        self._tenants = tenants

    def find(self, caller: Caller, name: str, operation: Operation) -> Meeting:
        """The meeting of an id or code, if the caller may do the operation to it; raises as `authorise`."""
        return self.authorise(caller, name, operation).meeting

    def look(self, caller: Caller, name: str) -> tuple[Meeting, bool]:
        """The meeting, and whether the caller may see all of it or only what the link shows."""
        found = self.authorise(caller, name, "see_meeting_public")
        whole = is_allowed(found.standing, "see_meeting") and has_scope(caller, "see_meeting")
        return found.meeting, whole

    def authorise(
        self,
        caller: Caller,
        name: str,
        operation: Operation,
        subject: str | None = None,
        given_role: Role | None = None,
        names: Callable[[Meeting, Participant | None], bool] | None = None,
    ) -> Authority:
        """Find the meeting and the participants concerned, and ask the policy.

        Args:
            name: The meeting's id or code.
            subject: The participant that the operation is about.
            given_role: A role that the operation would give.
            names: Whether what the operation is about names the caller, who may be a participant.

        Raises:
            MeetingNotFoundError: There is none, or it is another tenant's.
            UnauthorizedError: Somebody with credentials might.
            ForbiddenError: The caller may not.
            InsufficientScopeError: The caller might, but not with this key.
        """
        mine = caller.participant if isinstance(caller, ParticipantCaller) else None
        meeting, known = self._by_name(name, _concerned(mine, subject))
        me = known.get(mine) if mine is not None else None
        about = known.get(ParticipantId(subject)) if subject is not None else None
        standing = standing_of(caller, meeting, me)
        on_self = about is not None and me is not None and about.id == me.id
        named = names is not None and names(meeting, me)
        roles = {about.role if about is not None else None, given_role}
        for role in roles:
            if not is_allowed(standing, operation, on_self=on_self, target=role, named=named):
                raise _refusal(caller, standing, name)
        require_scope(caller, operation)
        return Authority(meeting, standing, me, about)

    def check_size(self, meeting: Meeting, wanted: int) -> None:
        """
        Raises:
            ValidationFailedError: More people than a meeting of its tenant may have.
        """
        self._tenants.size_of(meeting.tenant, wanted)

    def page(
        self,
        caller: Keeper,
        state: str | None,
        limit: int,
        after: str | None,
        of_tenant: bool = False,
    ) -> tuple[list[Meeting], str | None]:
        """A server sees all of its tenant's meetings, a person those that they made.

        Args:
            of_tenant: All of the tenant's, for somebody who operates the installation.

        Raises:
            ForbiddenError, InsufficientScopeError: see there.
        """
        if not is_allowed(standing_of(caller, None, None), "list_meetings"):
            raise ForbiddenError("Only a tenant's API key, or somebody who signed in, may list meetings.")
        require_scope(caller, "list_meetings")
        if of_tenant:
            require_keeper(caller)
        elif isinstance(caller, UserCaller):
            return self._store.page_of(caller.user, state, limit, after)
        return self._store.page(caller.tenant, state, limit, after)

    def participants(self, caller: Caller, name: str, now: datetime) -> list[Participant]:
        meeting = self.find(caller, name, "list_participants")
        return [as_seen(participant, meeting, now) for participant in self._store.participants(meeting.id)]

    def end(self, caller: Caller, name: str, request_id: str, now: datetime) -> Meeting:
        """End it for everyone; ending an ended meeting changes nothing."""
        meeting = self.find(caller, name, "end_meeting")
        self.finish(meeting, "requested", request_id, now)
        return self._existing(meeting.id)

    def delete(
        self,
        caller: Caller,
        name: str,
        request_id: str,
        now: datetime,
        is_as_read: Callable[[Meeting], None],
    ) -> None:
        """Nobody sees it any more from now on; it ends if it goes on, and is erased two days later.

        Args:
            is_as_read: Raises if the meeting is not as the caller read it.

        Raises:
            RecordingsKeptError: Its recordings are to be deleted first: each has its own proof of that.
        """
        found = self.find(caller, name, "delete_meeting")

        def decide(current: Meeting) -> Change | None:
            is_as_read(current)
            kept = [one.id for one in self._store.recordings(current.id) if one.state != "deleted"]
            if kept:
                raise RecordingsKeptError(f"Its recordings are there: delete {', '.join(kept[:10])} first.")
            return delete(current, now)

        change = write(self._store, found.id, decide)
        if change is not None and change.before.state != "ended":
            self._fleet.forget_meeting(change.after, request_id, now)

    def finish(self, meeting: Meeting, reason: EndReason, request_id: str, now: datetime) -> bool:
        """Write the end, tell the node, give its units back. True if this call ended it."""
        change = write(
            self._store, meeting.id, lambda current: end(current, reason, now, self._recorded(current))
        )
        if change is None:
            return False
        # Its placement as it was when it ended: a join may have come since the caller read it.
        self._fleet.forget_meeting(change.after, request_id, now)
        return True

    def _recorded(self, meeting: Meeting) -> list[Recording]:
        """The recording that goes on, which ends with its meeting."""
        active = meeting.active_recording
        if active is None:
            return []
        return [one for one in self._store.recordings(meeting.id) if one.id == active.id]

    def _by_name(
        self, name: str, wanted: Set[ParticipantId]
    ) -> tuple[Meeting, Mapping[ParticipantId, Participant]]:
        meeting, known = self._directory.meeting(name, wanted)
        if meeting is None or meeting.deleted_at is not None:
            raise MeetingNotFoundError(f"There is no meeting {name[:64]}.")
        return meeting, known

    def _existing(self, meeting: MeetingId) -> Meeting:
        found = self._store.by_id(meeting)
        if found is None:
            raise MeetingNotFoundError(f"There is no meeting {meeting}.")
        return found


def _concerned(mine: ParticipantId | None, subject: str | None) -> Set[ParticipantId]:
    """Whom a call is from and about, as far as they are participants."""
    wanted = {mine} if mine is not None else set()
    if subject is not None and is_id(subject, "par"):
        wanted.add(ParticipantId(subject))
    return wanted


def require_scope(caller: Caller, operation: Operation) -> None:
    """
    Raises:
        InsufficientScopeError: The caller's key is not for this operation.
    """
    if not has_scope(caller, operation):
        raise InsufficientScopeError("This API key does not have the scope that the call needs.")


def require_keeper(caller: Keeper) -> None:
    """
    Raises:
        ForbiddenError: Somebody who signed in, and does not operate the installation.
    """
    if isinstance(caller, UserCaller) and not caller.operates:
        raise ForbiddenError("Only those who run this installation may list what others made.")


def _refusal(caller: Caller, standing: Standing, name: str) -> CallerError:
    if standing == "stranger" or (standing == "link" and isinstance(caller, UserCaller)):
        # Whether another tenant's meeting exists is nobody else's business.
        return MeetingNotFoundError(f"There is no meeting {name[:64]}.")
    if standing == "link":
        return UnauthorizedError("This call needs an API key, or the token of a participant who may do it.")
    return ForbiddenError(f"Somebody who is {standing} in this meeting may not do this.")


def check_times(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> None:
    """A meeting that would end before it starts, or at once, is a mistake.

    Raises:
        ValidationFailedError: It is.
    """
    if ends_at is not None and ends_at <= max(now, starts_at or now):
        raise ValidationFailedError([BrokenRule("/endsAt", "A meeting ends after its start, and after now.")])
