"""What hosts and servers do to a meeting that goes on: admit, deny, mute, rename, change roles, remove.

Each use case reads, asks the policy, writes the change with its event, and tells the node. It is safe to
repeat: what is so already is no event, and the node is told again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain import moderation
from chalicelib.domain.events import Change
from chalicelib.domain.identifiers import ParticipantId
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import (
    HEARD,
    Participant,
    ParticipantState,
    Role,
    Source,
    as_seen,
    grants_of,
    is_silent,
)
from chalicelib.domain.permissions import Caller, Operation
from chalicelib.errors import MeetingEndedError, StoreUnavailableError
from chalicelib.services.changes import tries
from chalicelib.services.fleet import Fleet
from chalicelib.services.meetings import Authority, Meetings, check_times
from chalicelib.services.protocols import MeetingStore, RemovalReason


@dataclass(frozen=True)
class Moderator:
    """Who asks, for which meeting, and when."""

    caller: Caller
    meeting: str
    request_id: str
    now: datetime


class Moderation:
    def __init__(self, meetings: Meetings, store: MeetingStore, fleet: Fleet) -> None:
        self._meetings = meetings
        self._store = store
        self._fleet = fleet

    # Looking.

    def people(
        self, caller: Caller, name: str, state: ParticipantState | None, now: datetime
    ) -> list[Participant]:
        everybody = self._meetings.participants(caller, name, now)
        return [one for one in everybody if state is None or one.state == state]

    def show(self, caller: Caller, name: str, participant: str, now: datetime) -> Participant:
        found = self._meetings.authorise(caller, name, "see_participant", participant)
        return as_seen(found.participant, found.meeting, now)

    # The waiting room.

    def admit(self, by: Moderator, participant: str) -> Participant:
        """Let in who waits; also who was refused or removed, who may then come back. Not who is gone."""

        def decide(found: Authority) -> Change:
            return moderation.let_in(found.meeting, [found.participant], by.now)

        meeting, admitted = self._change(by, "admit_participant", participant, decide)
        self._fleet.tell_node(
            meeting,
            by.now,
            lambda node, url: node.admit_participant(url, meeting.id, admitted.id, by.request_id),
        )
        return as_seen(admitted, meeting, by.now)

    def admit_all(self, by: Moderator) -> list[Participant]:
        """Let in everybody who waits at this moment, in the order in which they came."""
        admitted: list[Participant] = []
        for _ in tries():
            found = self._authorise(by, "admit_participant")
            everybody = self._store.participants(found.meeting.id)
            waiting = [one for one in everybody if one.state == "waiting" and not is_silent(one, by.now)]
            waiting.sort(key=lambda one: one.asked_at)
            if not waiting:
                return admitted
            change = moderation.let_in(found.meeting, waiting, by.now)
            if self._store.commit(change) is None:
                admitted += change.participant_by_id.values()
                if len(waiting) <= moderation.MOST_ADMITTED_AT_ONCE:
                    return admitted
        raise StoreUnavailableError("Too many changes of this meeting came at once.")

    def deny(self, by: Moderator, participant: str) -> Participant:
        def decide(found: Authority) -> Change:
            return moderation.deny(found.meeting, found.participant, by.now)

        return self._change(by, "admit_participant", participant, decide)[1]

    # In the meeting.

    def mute(self, by: Moderator, participant: str | None, sources: Sequence[Source] = HEARD) -> None:
        """Stop sources of one participant, or of everybody but the caller; each may start its own again."""
        found = self._authorise(by, "mute_participant", participant)
        subject = found.participant.id if participant is not None else None
        me = found.me.id if found.me is not None else None
        self._fleet.tell_node(
            found.meeting,
            by.now,
            lambda node, url: node.mute(url, found.meeting.id, subject, me, sources, by.request_id),
        )

    def change(self, by: Moderator, participant: str, role: Role | None, name: str | None) -> Participant:
        """Give another role or another name, live: the node hears of it."""
        meeting, changed = None, None
        if role is not None:
            meeting, changed = self._change(
                by,
                "change_role",
                participant,
                lambda found: moderation.change_role(found.meeting, found.participant, role, by.now),
                given_role=role,
            )
        if name is not None:
            meeting, changed = self._change(
                by,
                "rename_participant",
                participant,
                lambda found: moderation.rename(found.meeting, found.participant, name, by.now),
            )
        if meeting is None or changed is None:
            return self.show(by.caller, by.meeting, participant, by.now)
        now_is = changed
        self._fleet.tell_node(
            meeting,
            by.now,
            lambda node, url: node.change_participant(url, now_is, grants_of(now_is.role), by.request_id),
        )
        return now_is

    def remove(self, by: Moderator, participant: str, *, ban: bool) -> None:
        """Put somebody out for good; somebody who does it to oneself only leaves."""

        def decide(found: Authority) -> Change:
            if found.me is not None and found.me.id == found.participant.id:
                return moderation.leave(found.meeting, found.participant, by.now)
            return moderation.remove(found.meeting, found.participant, by.now, ban=ban)

        meeting, removed = self._change(by, "remove_participant", participant, decide)
        reason: RemovalReason = "left" if removed.state == "left" else "removed"
        self._fleet.tell_node(
            meeting,
            by.now,
            lambda node, url: node.remove_participant(url, meeting.id, removed.id, reason, by.request_id),
        )

    def configure(
        self, by: Moderator, fields: dict[str, Any], check: Callable[[Meeting], None] = lambda _: None
    ) -> Meeting:
        """Change the meeting itself: title, lock, waiting room, passcode and more.

        Args:
            check: Refuses, by an error, a change of the state that it is given; asked for each that is tried.
        """
        for _ in tries():
            found = self._authorise(by, "change_meeting")
            check(found.meeting)
            if fields.keys() & {"starts_at", "ends_at"}:
                wanted = {"starts_at": found.meeting.starts_at, "ends_at": found.meeting.ends_at, **fields}
                check_times(wanted["starts_at"], wanted["ends_at"], by.now)
            if "max_participants" in fields:
                self._meetings.check_size(found.meeting, fields["max_participants"])
            change = moderation.configure(found.meeting, fields, by.now)
            if self._store.commit(change) is None:
                return change.after
        raise StoreUnavailableError("Too many changes of this meeting came at once.")

    # What they share.

    def _authorise(self, by: Moderator, operation: Operation, participant: str | None = None) -> Authority:
        found = self._meetings.authorise(by.caller, by.meeting, operation, participant)
        if found.meeting.state == "ended":
            raise MeetingEndedError("This meeting has ended.")
        return found

    def _change(
        self,
        by: Moderator,
        operation: Operation,
        participant: str,
        decide: Callable[[Authority], Change],
        given_role: Role | None = None,
    ) -> tuple[Meeting, Participant]:
        """Decide on the newest state until it is written; the meeting and the participant afterwards."""
        for _ in tries():
            found = self._meetings.authorise(by.caller, by.meeting, operation, participant, given_role)
            subject = found.participant
            if found.meeting.state == "ended":
                raise MeetingEndedError("This meeting has ended.")
            change = decide(found)
            if self._store.commit(change) is None:
                return change.after, change.participant_by_id.get(ParticipantId(subject.id), subject)
        raise StoreUnavailableError("Too many changes of this meeting came at once.")
