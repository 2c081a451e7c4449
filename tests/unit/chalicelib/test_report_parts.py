"""A node's report of 12,000 people comes in parts, in any order, and each part stands for itself."""

from __future__ import annotations

import json
import os
import random
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain import placement
from chalicelib.domain.identifiers import MeetingId, ParticipantId, new_id
from chalicelib.domain.meeting import Placement
from chalicelib.domain.participant import Participant
from chalicelib.domain.placement import LANES
from chalicelib.domain.presence import lane_of
from chalicelib.errors import ValidationFailedError
from chalicelib.services.reports import parse_report
from media_node import report as node_report
from media_node.report import format_report
from tests.support.builders import NOW, a_meeting, a_node, a_participant
from tests.unit.chalicelib.test_services import World, a_report

QUEUE_LIMIT_BYTES = 256 * 1024


def a_crowd(meetings: int, each: int) -> dict[str, list[str]]:
    return {
        new_id("mtg", os.urandom): [new_id("par", os.urandom) for _ in range(each)] for _ in range(meetings)
    }


def the_report(people: dict[str, list[str]], of: Any, **changes: Any) -> dict[str, Any]:
    entries = [
        {"id": name, "epoch": 1, "participants": ids, "session": 1, "egressBytes": 2**40}
        for name, ids in people.items()
    ]
    return a_report(of, meetings=entries, over=[], **changes)


def test_node_and_control_plane_mean_the_same_lanes():
    assert node_report.LANES == placement.LANES == LANES
    for name in a_crowd(200, 0):
        (part,) = [json.loads(text) for text in format_report(the_report({name: []}, a_node()))]
        assert part["lanes"] == list(range(LANES))
        assert (
            node_report._in_lane(part["meetings"], "meetings", lane_of(MeetingId(name))) == part["meetings"]
        )


@pytest.mark.parametrize(("meetings", "each"), [(12, 1000), (120, 100), (6000, 2)])
def test_twelve_thousand_people_fit_into_messages_of_the_queue(meetings: int, each: int):
    people, node = a_crowd(meetings, each), a_node()
    messages = format_report(the_report(people, node))
    assert all(len(text.encode()) <= QUEUE_LIMIT_BYTES for text in messages)
    parts = [json.loads(text) for text in messages]
    assert sorted(lane for part in parts for lane in part["lanes"]) == list(range(LANES))
    told = {entry["id"]: entry["participants"] for part in parts for entry in part["meetings"]}
    assert told == people
    for text in messages:
        seen, part = parse_report(text, NOW)
        assert seen.meetings == meetings
        assert list(part.presence_by_lane) == json.loads(text)["lanes"]


def test_a_recording_is_told_with_the_lane_of_its_meeting():
    people, node = a_crowd(6000, 2), a_node()
    name_by_meeting = {name: new_id("rec", os.urandom) for name in list(people)[:50]}
    recordings = [
        {"recording": name, "meeting": meeting, "state": "recording", "reason": None,
         "prefix": f"nodes/{node.id}/{name}-{'a' * 26}/", "segments": 1, "bytes": 1, "tracks": 1,
         "startedUs": 1_700_000_000_000_000, "endedUs": None}
        for meeting, name in name_by_meeting.items()
    ]  # fmt: skip
    told: dict[str, str] = {}
    messages = format_report(the_report(people, node, recordings=recordings))
    assert len(messages) > 1
    for text in messages:
        _, part = parse_report(text, NOW)
        for presence in part.presence_by_lane.values():
            told |= {meeting: one.recording for meeting, seen in presence.items() for one in seen.recorders}
    assert told == name_by_meeting


def test_a_report_of_few_is_one_message():
    assert len(format_report(the_report(a_crowd(20, 5), a_node()))) == 1
    assert len(format_report(the_report({}, a_node()))) == 1


@pytest.mark.parametrize(
    "lanes", [[], [LANES], [-1], [0, 0], ["0"], [True], None, "0", {"0": 1}, [lane for lane in range(99)]]
)
def test_a_report_about_lanes_that_there_are_not_is_refused(lanes: Any):
    with pytest.raises(ValidationFailedError):
        parse_report(json.dumps(a_report(a_node(), lanes=lanes)), NOW)


@pytest.mark.parametrize(
    ("said", "seconds"), [({}, None), ({"drainSeconds": 0}, 0), ({"drainSeconds": 599.7}, 600)]
)
def test_a_drain_ends_by_the_clock_of_the_queue(said: dict[str, Any], seconds: int | None):
    node, _ = parse_report(json.dumps(a_report(a_node(), **said)), NOW)
    assert node.drain_until == (None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-1, True, "60", None, 1e300, float("nan")])
def test_a_drain_that_cannot_be_is_refused(seconds: Any):
    with pytest.raises(ValidationFailedError):
        parse_report(json.dumps(a_report(a_node(), drainSeconds=seconds)), NOW)


def test_a_meeting_in_a_part_that_is_not_about_its_lane_is_refused():
    people = a_crowd(1, 2)
    (name,) = people
    lane = (lane_of(MeetingId(name)) + 1) % LANES
    with pytest.raises(ValidationFailedError):
        parse_report(json.dumps({**the_report(people, a_node()), "lanes": [lane]}), NOW)


class Hall:
    """Twelve meetings of a thousand on one node, as if all had joined."""

    def __init__(self) -> None:
        self.world = World()
        self.node = self.world.add_node()
        self.people = a_crowd(12, 1000)
        for name, ids in self.people.items():
            place = Placement(self.node.id, self.node.url, "local", 1)
            meeting = a_meeting(id=MeetingId(name), epoch=1, placement=place, max_participants=1000)
            known = {ParticipantId(one): self.participant(meeting, one) for one in ids}
            self.world.store.meeting_by_id[meeting.id] = meeting
            self.world.store._events[meeting.id] = []
            self.world.store._participants[meeting.id] = known

    def participant(self, meeting: Any, name: str) -> Participant:
        return a_participant(meeting, id=ParticipantId(name), asked_at=NOW)

    def messages(self, sequence: int, people: dict[str, list[str]]) -> list[str]:
        return format_report(the_report(people, self.node, sequence=sequence))

    def take(self, text: str) -> bool:
        return self.world.reports.take(text, int(self.world.now.timestamp() * 1000), "request")

    def assert_present(self, people: dict[str, list[str]]) -> None:
        for name in self.people:
            found = self.world.store.participants(MeetingId(name))
            assert {one.id for one in found if one.state == "joined"} == set(people.get(name, []))
            assert self.world.store.meeting_by_id[MeetingId(name)].present == len(people.get(name, []))


def test_parts_of_reports_in_any_order_twice_or_never_end_as_the_last_report_says():
    hall, chance = Hall(), random.Random(3)
    half = {name: ids[:500] for name, ids in hall.people.items()}
    first, second = hall.messages(2, hall.people), hall.messages(3, half)
    assert len(first) > 1
    # Of the first report the last part never comes; of the second one comes before, and all come twice.
    waiting = [*first[:-1], *second, *second]
    chance.shuffle(waiting)
    for text in waiting:
        hall.take(text)
    for text in reversed(hall.messages(4, half)):
        assert hall.take(text)
    hall.assert_present(half)


def test_a_part_that_comes_after_a_newer_report_changes_nothing():
    hall = Hall()
    late = hall.messages(2, {})
    for text in hall.messages(3, hall.people):
        assert hall.take(text)
    for text in late:
        assert not hall.take(text)
    hall.assert_present(hall.people)


def test_an_unchanged_report_in_parts_writes_nothing_but_the_node():
    hall = Hall()
    for sequence in (2, 3):
        for text in hall.messages(sequence, hall.people):
            hall.take(text)
    events = {name: len(hall.world.store.events(MeetingId(name), 0, 10**6)) for name in hall.people}
    marks = dict(hall.world.fleet_store.fence_by_lane)
    for text in hall.messages(4, hall.people):
        assert hall.take(text)
    assert hall.world.fleet_store.fence_by_lane == marks
    assert {name: len(hall.world.store.events(MeetingId(name), 0, 10**6)) for name in hall.people} == events
