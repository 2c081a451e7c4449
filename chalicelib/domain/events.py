"""The numbered log of a meeting, and the only way in which a meeting changes.

A Change is made step by step; each step is one event, and says all that it changes. A store writes the
change and its events in one transaction, or nothing. So the numbers have no gap, and the log replayed from
its first event is the state. Never writes, never asks for the time.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from chalicelib.domain.identifiers import EventId, MeetingId, ParticipantId, RecordingId, Tenant
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.plain import fields_of, plain_of, secret_keys, value_of
from chalicelib.domain.recording import Recording

# What the log counts for itself: the event's number says it.
_COUNTED = frozenset({"events"})


@dataclass(frozen=True)
class Event:
    meeting: MeetingId
    number: int
    type: str
    at: datetime
    # "meeting": the fields that changed; "participant", "recording": one of them as it is afterwards.
    data: Mapping[str, Any]

    @property
    def id(self) -> EventId:
        """The same for the same entry wherever it is read: receivers tell a repetition by it."""
        digest = hashlib.sha256(f"{self.meeting}#{self.number}".encode()).digest()[:16]
        return EventId(f"evt_{base64.b32encode(digest).decode().rstrip('=').lower()}")

    def shown(self) -> dict[str, Any]:
        """The data without what no reader of the log may see."""
        hidden = {
            "meeting": secret_keys(Meeting),
            "participant": secret_keys(Participant),
            "recording": secret_keys(Recording),
        }
        return {
            name: {key: value for key, value in part.items() if key not in hidden.get(name, ())}
            for name, part in self.data.items()
        }


@dataclass(frozen=True)
class Entry:
    """An event of a log, and whose meeting it is about."""

    tenant: Tenant
    event: Event


# What may stand in the way of a change: the meeting, the participant, the node or the tenant is not as it was
# read; the node serves others at this moment; a newer report has begun.
Obstacle = Literal["meeting", "participant", "node", "busy", "tenant", "superseded"]


@dataclass(frozen=True)
class Change:
    """A meeting before and after, what of it changed with it, and the events that say how."""

    before: Meeting
    after: Meeting
    events: tuple[Event, ...] = ()
    participant_by_id: Mapping[ParticipantId, Participant] = field(default_factory=dict)
    # Of them, those who must not be known before: a repeated request makes nobody twice.
    newcomers: frozenset[ParticipantId] = frozenset()
    recording_by_id: Mapping[RecordingId, Recording] = field(default_factory=dict)

    @staticmethod
    def of(meeting: Meeting) -> Change:
        return Change(meeting, meeting)

    @staticmethod
    def creation(meeting: Meeting) -> Change:
        """The first entry: everything that the meeting is."""
        data = {"meeting": plain_of(meeting, _names() - _COUNTED)}
        event = Event(meeting.id, 1, "meeting.created", meeting.created_at, data)
        return Change(meeting, dataclasses.replace(meeting, events=1), (event,))

    def then(
        self,
        kind: str,
        at: datetime,
        participant: Participant | None = None,
        recorded: Recording | None = None,
        **fields: Any,
    ) -> Change:
        """One more event: fields of the meeting that get new values, one participant's or recording's state.

        Args:
            kind: What happened, as `meeting.ended` or `participant.joined`.
            at: When, by the control plane's or the queue's clock.
            participant, recorded: The participant and the recording as they are afterwards.
            fields: Fields of the meeting; one that has the value already is left out.
        """
        changed = {name: value for name, value in fields.items() if getattr(self.after, name) != value}
        number = self.after.events + 1
        after = dataclasses.replace(self.after, **changed, events=number)
        data: dict[str, Any] = {}
        if changed:
            data["meeting"] = plain_of(after, changed)
        participants = dict(self.participant_by_id)
        if participant is not None:
            data["participant"] = plain_of(participant)
            participants[participant.id] = participant
        recordings = dict(self.recording_by_id)
        if recorded is not None:
            data["recording"] = plain_of(recorded)
            recordings[recorded.id] = recorded
        event = Event(after.id, number, kind, at, data)
        return Change(self.before, after, (*self.events, event), participants, self.newcomers, recordings)

    def also(self, **fields: Any) -> Change:
        """The same, and its last event says these fields of the meeting, too."""
        after = dataclasses.replace(self.after, **fields)
        *before, last = self.events
        meeting = {**last.data.get("meeting", {}), **plain_of(after, fields)}
        last = dataclasses.replace(last, data={**last.data, "meeting": meeting})
        return dataclasses.replace(self, after=after, events=(*before, last))

    def with_newcomer(self, participant: ParticipantId) -> Change:
        """The same, on the condition that nobody of this name was ever in the meeting."""
        return dataclasses.replace(self, newcomers=self.newcomers | {participant})


@dataclass(frozen=True)
class Replayed:
    """What a log says: the meeting, everybody who was ever in it, and its recordings."""

    meeting: Meeting
    participant_by_id: Mapping[ParticipantId, Participant]
    recording_by_id: Mapping[RecordingId, Recording] = field(default_factory=dict)


class BrokenLogError(Exception):
    """The numbers of a log have a gap, or it does not start at its beginning."""


def replay(events: Iterable[Event]) -> Replayed:
    """The state from its log alone.

    Raises:
        BrokenLogError: An event is missing, or they are in disorder.
    """
    meeting: Meeting | None = None
    participants: dict[ParticipantId, Participant] = {}
    recordings: dict[RecordingId, Recording] = {}
    for expected, event in enumerate(events, 1):
        if event.number != expected:
            raise BrokenLogError(f"Event {expected} of {event.meeting} is missing; {event.number} came.")
        changed = event.data.get("meeting", {})
        if meeting is None:
            meeting = dataclasses.replace(value_of(Meeting, changed), events=1)
        else:
            meeting = dataclasses.replace(meeting, **fields_of(Meeting, changed), events=event.number)
        if "participant" in event.data:
            participant = value_of(Participant, event.data["participant"])
            participants[participant.id] = participant
        if "recording" in event.data:
            recording = value_of(Recording, event.data["recording"])
            recordings[recording.id] = recording
    if meeting is None:
        raise BrokenLogError("A log has at least the event of its meeting's creation.")
    return Replayed(meeting, participants, recordings)


def without_gap(events: Iterable[Event], after: int) -> list[Event]:
    """The events up to the first one that is missing.

    A reader may see the items of a transaction one by one; the rest comes with its next reading.
    """
    kept: list[Event] = []
    for event in events:
        if event.number != after + len(kept) + 1:
            break
        kept.append(event)
    return kept


def _names() -> frozenset[str]:
    return frozenset(one.name for one in dataclasses.fields(Meeting))
