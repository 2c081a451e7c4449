"""Points of quality are kept alike in memory and over DynamoDB."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from pynamodb.connection import Connection

from chalicelib.domain.identifiers import MeetingId, ParticipantId, new_id
from chalicelib.domain.quality import QualityEntry, read_entry
from chalicelib.services.protocols import QualityStore
from chalicelib.stores.quality import DynamoQuality
from tests.support.memory_stores import MemoryQuality

SOON = int(time.time()) + 1_000
BEFORE = int(time.time()) - 1_000


@pytest.fixture
def store(dynamodb: Connection | None) -> QualityStore:
    return MemoryQuality() if dynamodb is None else DynamoQuality()


@pytest.fixture
def meeting() -> MeetingId:
    return MeetingId(identifier("mtg"))


def identifier(prefix: str) -> str:
    return new_id(prefix, os.urandom)


def point(minute: int, second: int) -> dict[str, Any]:
    return {"at": f"2026-11-23T10:{minute:02}:{second:02}.000Z", "verdict": "good"}


def entry(meeting: MeetingId, participant: ParticipantId, minute: int) -> QualityEntry:
    return QualityEntry(meeting, participant, tuple(point(minute, second) for second in (0, 10, 20)))


def somebody() -> ParticipantId:
    return ParticipantId(identifier("par"))


def test_a_timeline_is_read_in_pages_from_any_point(store: QualityStore, meeting: MeetingId):
    anna, ben = somebody(), somebody()
    store.keep([entry(meeting, one, minute) for minute in range(5) for one in (anna, ben)], SOON)
    everything = [point(minute, second) for minute in range(5) for second in (0, 10, 20)]
    assert store.points(meeting, anna, None, 100) == everything
    for at in range(len(everything)):
        assert store.points(meeting, anna, everything[at]["at"], 4) == everything[at + 1 : at + 5]
    assert store.points(meeting, somebody(), None, 10) == []


def test_what_is_told_again_or_late_changes_nothing(store: QualityStore, meeting: MeetingId):
    anna = somebody()
    for minute in (1, 2, 2, 1, 0):
        store.keep([entry(meeting, anna, minute)], SOON)
    assert len(store.points(meeting, anna, None, 100)) == 9
    assert store.latest(meeting, None, 10) == [entry(meeting, anna, 2)]


def test_the_latest_of_everybody_is_read_in_pages(store: QualityStore, meeting: MeetingId):
    people = sorted(somebody() for _ in range(7))
    store.keep([entry(meeting, one, minute) for one in people for minute in (3, 1)], SOON)
    first = store.latest(meeting, None, 4)
    rest = store.latest(meeting, first[-1].participant, 10)
    assert [one.participant for one in first + rest] == people
    assert {one.starts_at for one in first + rest} == {point(3, 0)["at"]}


def test_what_has_expired_is_not_shown(store: QualityStore, meeting: MeetingId):
    anna = somebody()
    store.keep([entry(meeting, anna, 1)], BEFORE)
    assert store.points(meeting, anna, None, 10) == []
    assert store.latest(meeting, None, 10) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"meeting": "par_" + "a" * 26},
        {"participant": 5},
        {"points": []},
        {"points": [{"at": "now", "verdict": "good"}]},
        {"points": [{**point(0, 0), "verdict": "fine"}]},
        {"points": [{**point(0, 0), "more": "x" * 9_000}]},
        {"points": [point(0, 0)] * 61},
    ],
)
def test_what_is_no_entry_is_none(changes: dict[str, Any]):
    sound = {"meeting": identifier("mtg"), "participant": identifier("par"), "points": [point(0, 0)]}
    assert read_entry(sound) is not None
    assert read_entry({**sound, **changes}) is None
