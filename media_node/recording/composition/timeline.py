"""What the meeting's log says of a recording: who was there when, names, pauses.

Pure: the bytes of `timeline.json` in, values out. Times are microseconds since the Unix epoch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from media_node.errors import JobError
from media_node.recording.manifest import Span

# Roles that have no face: processes and people who only watch.
UNSEEN_ROLES = frozenset({"recorder", "relay", "viewer"})
COMES = frozenset({"participant.joined"})
GOES = frozenset({"participant.left", "participant.removed", "participant.banned"})
UNKNOWN_NAME = "Guest"
# A name longer than that fits no tile.
MOST_NAME_CHARACTERS = 60


@dataclass(frozen=True)
class Moment:
    """Something that a chapter may begin with."""

    text: str
    at_us: int


@dataclass
class Person:
    id: str
    role: str
    # `(since, name)`, ascending.
    names: list[tuple[int, str]] = field(default_factory=list)
    # When it was there, ascending; of the last the end may be NEVER.
    here: list[Span] = field(default_factory=list)

    def name_at(self, at_us: int) -> str:
        known = [name for since, name in self.names if since <= at_us] or [name for _, name in self.names[:1]]
        return known[-1] if known else UNKNOWN_NAME

    def is_here(self, at_us: int) -> bool:
        return any(span.start_us <= at_us < span.end_us for span in self.here)


# The year 2255: whoever did not leave stays.
NEVER_US = 9_000_000_000_000_000


@dataclass(frozen=True)
class Timeline:
    meeting: str
    title: str
    started_us: int
    # None while the recording goes on.
    ended_us: int | None
    pauses: tuple[Span, ...]
    people: Mapping[str, Person]

    def name(self, participant: str, at_us: int) -> str:
        person = self.people.get(participant)
        return person.name_at(at_us) if person is not None else UNKNOWN_NAME


def parse_timeline(data: bytes) -> Timeline:
    """The timeline of a composition job.

    Raises:
        JobError: Not JSON, or a field that must be there is missing or of another type. Events that are not
            understood are left out: the log may say more than a film shows.
    """
    try:
        value = json.loads(data)
        recording = value["recording"]
        started = time_us(recording["startedAt"])
        ended = time_us(recording["endedAt"]) if recording.get("endedAt") else None
        pauses = tuple(_pause(one, ended) for one in recording.get("pauses") or ())
        people = _people(value.get("participants") or [], started)
        events = sorted(value.get("events") or [], key=lambda event: event.get("number", 0))
        _follow(events, people)
        meeting = value["meeting"]
        return Timeline(str(meeting["id"]), str(meeting.get("title") or ""), started, ended, pauses, people)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as exc:
        what = f"the timeline is not of the contract: {type(exc).__name__}: {exc}"
        raise JobError(what, "no_timeline") from exc


def _pause(value: Mapping[str, Any], ended_us: int | None) -> Span:
    until = value.get("to")
    end = time_us(until) if until else ended_us if ended_us is not None else NEVER_US
    return Span(time_us(value["from"]), end)


def _people(values: list[Mapping[str, Any]], started_us: int) -> dict[str, Person]:
    return {
        str(one["id"]): Person(
            str(one["id"]), str(one.get("role") or ""), [(started_us, _name(one.get("displayName")))]
        )
        for one in values
    }


def _follow(events: list[Mapping[str, Any]], people: dict[str, Person]) -> None:
    """Enter into `people` when they came and went."""
    for event in events:
        kind, data = event.get("type"), event.get("data") or {}
        at_us = time_us(event["time"])
        if kind == "meeting.ended":
            for person in people.values():
                _leave(person, at_us)
        elif isinstance(of := data.get("participant"), dict) and "id" in of:
            _follow_person(str(kind), of, at_us, people)


def _follow_person(kind: str, of: Mapping[str, Any], at_us: int, people: dict[str, Person]) -> None:
    person = people.setdefault(str(of["id"]), Person(str(of["id"]), str(of.get("role") or "")))
    name = _name(of.get("displayName"))
    if of.get("displayName") and (not person.names or person.names[-1][1] != name):
        # What the list of participants says is the last name; the log says since when.
        person.names = [one for one in person.names if one[0] < at_us and kind == "participant.renamed"]
        person.names.append((at_us, name))
    if kind in COMES and not (person.here and person.here[-1].end_us == NEVER_US):
        person.here.append(Span(at_us, NEVER_US))
    elif kind in GOES:
        _leave(person, at_us)


def _leave(person: Person, at_us: int) -> None:
    if person.here and person.here[-1].end_us == NEVER_US:
        person.here[-1] = Span(person.here[-1].start_us, max(at_us, person.here[-1].start_us))


def _name(value: object) -> str:
    """A name as one line that can be drawn."""
    printable = "".join(letter if letter.isprintable() else " " for letter in str(value or ""))
    return " ".join(printable.split())[:MOST_NAME_CHARACTERS] or UNKNOWN_NAME


def time_us(value: str) -> int:
    """RFC 3339 to microseconds since the Unix epoch."""
    when = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if when.tzinfo is None:
        raise ValueError(f"{value!r} names no time zone")
    return round(when.timestamp() * 1_000_000)
