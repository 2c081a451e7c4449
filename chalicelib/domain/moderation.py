"""What hosts do to a meeting and to its people, as changes with their events. The same again is no event."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.awaited import awaited
from chalicelib.domain.entrance import mark_of
from chalicelib.domain.events import Change
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import AT_DOOR, Participant, Role, gone, is_silent

# More than a meeting removes; each mark is 32 characters, and an item has 400 KB.
MOST_BARRED = 1000
# A transaction of DynamoDB has 100 items: the meeting, and two for each who is let in.
MOST_ADMITTED_AT_ONCE = 45


def wait(meeting: Meeting, participant: Participant, earlier: Participant | None, now: datetime) -> Change:
    """Somebody asks to come in and waits to be let in; who waited before keeps the place in the queue."""
    asked_at = earlier.asked_at if earlier is not None and earlier.state in AT_DOOR else now
    waiting = dataclasses.replace(participant, state="waiting", asked_at=asked_at, polled_at=now)
    change = Change.of(meeting).then("participant.waiting", now, waiting)
    return change if earlier is not None else change.with_newcomer(participant.id)


def give_up(meeting: Meeting, participant: Participant, now: datetime) -> Change:
    """Somebody waits no longer; who was let in meanwhile and did not come has left."""
    if participant.state == "admitted":
        return leave(meeting, participant, now)
    if participant.state != "waiting":
        return Change.of(meeting)
    given_up = dataclasses.replace(participant, state="gone")
    return Change.of(meeting).then("participant.gone", now, given_up)


def let_in(meeting: Meeting, people: Sequence[Participant], now: datetime) -> Change:
    """A host lets people in: who waits and is heard of, and who was refused or removed before."""
    change = Change.of(meeting)
    for participant in people[:MOST_ADMITTED_AT_ONCE]:
        if participant.state not in ("waiting", "denied", "removed") or is_silent(participant, now):
            continue
        admitted = dataclasses.replace(participant, state="admitted", left_at=None)
        barred = change.after.barred - marks_of(participant)
        change = change.then("participant.let_in", now, admitted, barred=barred)
    return change


def deny(meeting: Meeting, participant: Participant, now: datetime) -> Change:
    """Refuse somebody who waits; who is in already is removed, not denied."""
    if participant.state not in (*AT_DOOR, "admitted"):
        return Change.of(meeting)
    denied = dataclasses.replace(participant, state="denied")
    barred = _with_marks(meeting, _identity(participant))
    return Change.of(meeting).then("participant.denied", now, denied, barred=barred)


def remove(meeting: Meeting, participant: Participant, now: datetime, *, ban: bool) -> Change:
    """Put somebody out for good; a ban keeps out whoever comes from the same address too."""
    marks = marks_of(participant) if ban else _identity(participant)
    barred = _with_marks(meeting, marks)
    if participant.state == "removed" and barred == meeting.barred:
        return Change.of(meeting)
    removed = gone(participant, "removed", participant.left_at or now)
    kind = "participant.banned" if ban else "participant.removed"
    awaits = awaited(meeting, participant.state, "removed", participant.asked_at)
    return Change.of(meeting).then(kind, now, removed, barred=barred, **awaits)


def leave(meeting: Meeting, participant: Participant, now: datetime) -> Change:
    if participant.state in ("left", "removed", "denied"):
        return Change.of(meeting)
    awaits = awaited(meeting, participant.state, "left", participant.asked_at)
    return Change.of(meeting).then("participant.left", now, gone(participant, "left", now), **awaits)


def rename(meeting: Meeting, participant: Participant, name: str, now: datetime) -> Change:
    if participant.display_name == name:
        return Change.of(meeting)
    renamed = dataclasses.replace(participant, display_name=name)
    return Change.of(meeting).then("participant.renamed", now, renamed)


def change_role(meeting: Meeting, participant: Participant, role: Role, now: datetime) -> Change:
    if participant.role == role:
        return Change.of(meeting)
    changed = dataclasses.replace(participant, role=role)
    return Change.of(meeting).then("participant.role_changed", now, changed)


def configure(meeting: Meeting, fields: dict[str, Any], now: datetime) -> Change:
    """Change how the meeting is; an ended one stays as it was."""
    if meeting.state == "ended" or all(getattr(meeting, name) == new for name, new in fields.items()):
        return Change.of(meeting)
    return Change.of(meeting).then("meeting.updated", now, **fields)


def passcode_guessed(meeting: Meeting, now: datetime) -> Change:
    """Too many wrong passcodes: an entry for the hosts to see."""
    return Change.of(meeting).then("meeting.passcode_guessed", now)


def marks_of(participant: Participant) -> frozenset[str]:
    source = frozenset({participant.source}) if participant.source is not None else frozenset()
    return _identity(participant) | source


def _identity(participant: Participant) -> frozenset[str]:
    if participant.external_id is None:
        return frozenset()
    return frozenset({mark_of(participant.meeting, "externalId", participant.external_id)})


def _with_marks(meeting: Meeting, marks: frozenset[str]) -> frozenset[str]:
    return meeting.barred | marks if len(meeting.barred) + len(marks) <= MOST_BARRED else meeting.barred
