"""The log of a meeting replays to its state, whatever happened to it and however the log is read."""

from __future__ import annotations

import dataclasses
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.decisions import MOST_IN_ONE_CHANGE, admit, end, note_presence, place
from chalicelib.domain.events import BrokenLogError, Change, Event, replay, without_gap
from chalicelib.domain.identifiers import NodeId, ParticipantId, new_id
from chalicelib.domain.meeting import Meeting, Placement
from chalicelib.domain.participant import Participant
from chalicelib.domain.plain import fields_of, plain_of, secret_keys, value_of
from chalicelib.domain.presence import PresenceChange
from tests.support.builders import NOW, a_meeting, a_participant

TEXT = st.text(max_size=20)
TIMES = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
MEETINGS = st.builds(
    a_meeting,
    title=st.none() | TEXT,
    guests=st.booleans(),
    created_at=TIMES,
    end_after_empty=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40)),
    metadata=st.dictionaries(TEXT, TEXT, max_size=3),
)
STEPS = st.lists(st.tuples(st.sampled_from(["join", "again", "report", "move", "end"]), st.integers(0, 9)))


class Story:
    """A meeting to which things happen, kept twice: as the state, and as the log through JSON."""

    def __init__(self, meeting: Meeting) -> None:
        self.people: dict[ParticipantId, Participant] = {}
        self.present: frozenset[ParticipantId] = frozenset()
        self.log: list[Event] = []
        self.meeting = meeting
        self.write(Change.creation(meeting))

    def write(self, change: Change | None) -> None:
        if change is None:
            return
        self.meeting = change.after
        self.people.update(change.participant_by_id)
        for event in change.events:
            stored = json.loads(json.dumps(event.data))
            self.log.append(dataclasses.replace(event, data=stored))

    def take(self, step: str, n: int) -> None:
        now = NOW + timedelta(seconds=len(self.log), microseconds=n)
        if self.meeting.state == "ended":
            return
        if step == "join":
            newcomer = a_participant(self.meeting, asked_at=now, display_name=f"Zoë {n}")
            self.write(admit(self.meeting, newcomer, None))
        elif step == "again" and self.people:
            known = list(self.people.values())[n % len(self.people)]
            anew = dataclasses.replace(a_participant(self.meeting, asked_at=now), id=known.id)
            self.write(admit(self.meeting, anew, known))
        elif step == "move":
            change = place(
                Change.of(self.meeting), Placement(NodeId(f"node_{n % 3}"), "http://n", "x", n), now
            )
            self.write(change)
        elif step == "report":
            chosen = random.Random(n).sample(list(self.people), min(n, len(self.people)))
            there = frozenset(chosen)
            seen = PresenceChange(self.meeting.id, 1, len(there), there - self.present, self.present - there)
            self.write(note_presence(self.meeting, self.people, seen, now)[0])
            self.present = there
        elif step == "end":
            self.write(end(self.meeting, "requested", now))


@given(MEETINGS, STEPS)
@settings(max_examples=150, deadline=None)
def test_the_replayed_log_is_the_state(meeting: Meeting, steps: list[tuple[str, int]]):
    story = Story(meeting)
    for step, n in steps:
        story.take(step, n)
    replayed = replay(story.log)
    assert replayed.meeting == story.meeting
    assert replayed.participant_by_id == story.people
    assert [event.number for event in story.log] == list(range(1, len(story.log) + 1))
    assert len({event.id for event in story.log}) == len(story.log)


@given(MEETINGS, STEPS, st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_a_log_with_a_hole_is_never_taken_for_the_state(meeting: Meeting, steps: list[Any], hole: int):
    story = Story(meeting)
    for step, n in [*steps, ("join", 0), ("join", 1)]:
        story.take(step, n)
    if hole < len(story.log) - 1:
        del story.log[hole]
        with pytest.raises(BrokenLogError):
            replay(story.log)


def test_an_empty_log_is_no_meeting():
    with pytest.raises(BrokenLogError):
        replay([])


def test_a_report_that_comes_again_is_no_event():
    story = Story(a_meeting())
    story.take("join", 0)
    seen = PresenceChange(story.meeting.id, 1, 1, frozenset(story.people), frozenset())
    story.write(note_presence(story.meeting, story.people, seen, NOW)[0])
    before = len(story.log)
    story.write(note_presence(story.meeting, story.people, seen, NOW + timedelta(seconds=2))[0])
    assert len(story.log) == before
    assert story.log[-1].type == "meeting.started"


def test_a_crowd_comes_in_changes_that_fit_a_transaction():
    story = Story(a_meeting())
    for n in range(MOST_IN_ONE_CHANGE + 5):
        story.take("join", n)
    seen = PresenceChange(story.meeting.id, 1, len(story.people), frozenset(story.people), frozenset())
    change, complete = note_presence(story.meeting, story.people, seen, NOW)
    assert not complete
    assert len(change.events) + len(change.participant_by_id) + 2 <= 100
    story.write(change)
    change, complete = note_presence(story.meeting, story.people, seen, NOW)
    assert complete
    story.write(change)
    assert {one.state for one in story.people.values()} == {"joined"}
    assert story.meeting.present == len(story.people)
    assert [event.type for event in story.log].count("meeting.started") == 1


def test_who_comes_again_while_still_there_stays_there():
    story = Story(a_meeting())
    story.take("join", 0)
    (name,) = story.people
    seen = PresenceChange(story.meeting.id, 1, 1, frozenset({name}), frozenset())
    story.write(note_presence(story.meeting, story.people, seen, NOW)[0])
    story.take("again", 0)
    assert (story.people[name].state, story.people[name].joined_at) == ("joined", NOW)
    story.write(
        note_presence(
            story.meeting,
            story.people,
            PresenceChange(story.meeting.id, 1, 0, frozenset(), frozenset({name})),
            NOW,
        )[0]
    )
    story.take("again", 0)
    assert story.people[name].state == "joining"


def test_a_reader_stops_at_the_first_entry_that_is_missing():
    story = Story(a_meeting())
    for n in range(4):
        story.take("join", n)
    seen = [event for event in story.log if event.number != 4]
    assert [event.number for event in without_gap(seen[1:], 1)] == [2, 3]
    assert without_gap(seen[1:], 0) == []


def test_a_secret_is_kept_in_the_log_and_named_as_one():
    @dataclasses.dataclass(frozen=True)
    class Hidden:
        open_word: str
        wait: timedelta
        digest: str = dataclasses.field(metadata={"secret": True})

    plain = plain_of(Hidden("a", timedelta(seconds=1.5), "d"))
    assert plain == {"openWord": "a", "waitSeconds": 1.5, "digest": "d"}
    assert secret_keys(Hidden) == {"digest"}


@given(MEETINGS)
@settings(max_examples=50)
def test_a_value_comes_back_from_plain_json(meeting: Meeting):
    plain = json.loads(json.dumps(plain_of(meeting)))
    assert value_of(Meeting, plain) == meeting
    assert fields_of(Meeting, {"title": "x", "unknown": 1}) == {"title": "x"}
    participant = a_participant(meeting, id=ParticipantId(new_id("par", random.Random(1).randbytes)))
    assert value_of(Participant, json.loads(json.dumps(plain_of(participant)))) == participant
