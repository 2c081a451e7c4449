"""Readers of a log: pages, waiting, and who may."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.domain.events import Change, Event
from chalicelib.domain.identifiers import KeyId, Tenant
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.permissions import ApiKeyCaller, Guest
from chalicelib.errors import MeetingNotFoundError, UnauthorizedError
from chalicelib.services.creating import Creating, MeetingWishes
from chalicelib.services.events import MOST_WAITING, Events
from chalicelib.services.fleet import Fleet
from chalicelib.services.meetings import Meetings
from chalicelib.services.tenants import Tenants
from chalicelib.stores.regions import in_region
from tests.support.builders import NOW
from tests.support.memory_stores import MemoryFleet, MemoryMeetings, RecordingCommands

ACME = ApiKeyCaller(Tenant("acme"), KeyId("key_1"))


class Reader:
    """Events with a time of their own; `during` is what happens while somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses = 0
        self.last = 0
        self.during: Callable[[], None] = lambda: None
        fleet_store = MemoryFleet()
        self.store = MemoryMeetings(fleet_store)
        fleet = Fleet(fleet_store, self.store, RecordingCommands(), ["local"])
        tenants = Tenants(self.store.tenants)
        self.meetings = Meetings(self.store, fleet, tenants)
        creating = Creating(self.store, fleet, tenants, in_region, "local", lambda n: b"\x07" * n)
        self.events = Events(self.meetings, self.store, lambda: self.seconds, self._pause)
        wishes = MeetingWishes(None, True, 100, timedelta(minutes=10), None, {})
        self.meeting = creating.create(ACME, wishes, None, NOW)

    def _pause(self, seconds: float) -> None:
        assert seconds > 0
        self.pauses += 1
        self.seconds += seconds
        self.during()

    def read(self, after: int, wait: float = 0, limit: int = 10) -> tuple[list[int], bool]:
        found, more, self.last = self.events.page(ACME, self.meeting.id, after, limit, wait)
        return [event.number for event in found], more

    def change(self) -> Event:
        now: Meeting = self.store.meeting_by_id[self.meeting.id]
        change = Change.of(now).then("x", NOW, present=now.present + 1)
        assert self.store.commit(change) is None
        return change.events[0]


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_pages_follow_one_another_and_the_last_says_so(reader: Reader):
    for _ in range(4):
        reader.change()
    assert reader.read(0, limit=2) == ([1, 2], True)
    assert reader.read(2, limit=2) == ([3, 4], True)
    assert reader.last == 5, "whatever page it was"
    assert reader.read(4, limit=2) == ([5], False)
    assert reader.read(5, limit=2) == ([], False)


def test_who_waits_gets_the_next_event_when_it_happens(reader: Reader):
    reader.during = lambda: reader.change() if reader.pauses == 3 else None  # type: ignore[assignment]
    assert reader.read(1, wait=20) == ([2], False)
    assert reader.pauses == 3


def test_who_waits_in_vain_waits_as_long_as_asked(reader: Reader):
    assert reader.read(1, wait=5) == ([], False)
    assert reader.seconds == 5


def test_nobody_waits_for_what_is_there_or_for_an_ended_meeting(reader: Reader):
    assert reader.read(0, wait=20) == ([1], False)
    reader.meetings.end(ACME, reader.meeting.id, "r", NOW)
    assert reader.read(2, wait=20) == ([], False)
    assert reader.pauses == 0


def test_more_readers_than_may_wait_are_answered_at_once(reader: Reader):
    all_wait, go_on = threading.Barrier(MOST_WAITING + 1), threading.Event()

    def hold() -> None:
        all_wait.wait(10)
        go_on.wait(10)

    reader.during = hold
    threads = [threading.Thread(target=reader.read, args=(1, 0.1)) for _ in range(MOST_WAITING)]
    for thread in threads:
        thread.start()
    all_wait.wait(10)
    pauses = reader.pauses
    assert reader.read(1, wait=20) == ([], False)
    assert reader.pauses == pauses
    go_on.set()
    for thread in threads:
        thread.join(10)


def test_the_log_is_the_tenants_own(reader: Reader):
    with pytest.raises(MeetingNotFoundError):
        reader.events.page(ApiKeyCaller(Tenant("other"), KeyId("key_2")), reader.meeting.id, 0, 10, 0)
    with pytest.raises(UnauthorizedError):
        reader.events.page(Guest(), reader.meeting.id, 0, 10, 0)
