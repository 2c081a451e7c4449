"""Reports come twice, late, never, all at once, and their takers die: the state is that of the last one."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.events import replay
from chalicelib.domain.placement import Node
from chalicelib.services.fleet import Fleet
from chalicelib.services.join import Admission
from chalicelib.services.presence import PresenceWriter
from chalicelib.services.reports import Reports
from media_node.report import format_report
from tests.support.builders import NOW
from tests.support.interleaving import Interleaving
from tests.support.memory_stores import MemoryPresence
from tests.unit.chalicelib.test_services import World, a_report

REPORTS = 8
Message = tuple[str, datetime]
LOST = timedelta(seconds=12)


class FaultyQueue:
    """A node with two meetings, whose reports reach takers that share nothing but the stores."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World()
        self.node: Node = self.world.add_node()
        self.meetings = [self.world.create(), self.world.create()]
        self.people: list[Admission] = [self.world.join(one) for one in self.meetings for _ in range(3)]
        # Few, so that a report is often as one of before.
        self.crowds = [[one for one in self.people if self.chance.random() < 0.5] for _ in range(3)]
        self.here: list[Admission] = []
        self.last: dict[str, Any] = {}
        self.workers = Interleaving(seed, crash_share=0.05)
        self._sequence = 1
        stores = [self.world.fleet_store, self.world.store, MemoryPresence(self.world.fleet_store)]
        fleet, meetings, presence = map(self.workers.paced, stores)
        self.writer = PresenceWriter(presence, meetings, self.world.commands, self.world.recorders)
        taker = Fleet(fleet, meetings, self.world.commands, ["local"], lambda: 0.0)
        self.reports = Reports(taker, self.writer)

    def next_report(self) -> list[Message]:
        """After some have come or gone; in one message, or in several that travel each alone."""
        self.here = self.chance.choice(self.crowds)
        self._sequence += 1
        epoch = {meeting.id: self.world.read(meeting).epoch for meeting in self.meetings}
        entries = [
            {
                "id": meeting.id,
                "epoch": epoch[meeting.id],
                "participants": [one.participant.id for one in self.here if one.meeting.id == meeting.id],
            }
            for meeting in self.meetings
        ]
        self.last = a_report(self.node, sequence=self._sequence, meetings=entries, over=[])
        return self.messages(self.last, NOW + timedelta(seconds=2 * self._sequence))

    def messages(self, report: dict[str, Any], sent: datetime) -> list[Message]:
        bodies = [json.dumps(report)] if self.chance.random() < 0.5 else format_report(report)
        return [(body, sent) for body in bodies]

    def deliver(self, report: Message) -> None:
        body, sent = report
        self.workers.add(lambda: self.reports.take(body, int(sent.timestamp() * 1000), "r"))

    def deliver_with_faults(self) -> None:
        """Each report up to three times, the others in between, at most a few late."""
        waiting: list[Message] = []
        for _ in range(REPORTS):
            for message in self.next_report():
                waiting += [message] * self.chance.choice([0, 1, 1, 2, 3])
            self.chance.shuffle(waiting)
            for report in waiting[:2]:
                self.deliver(report)
            del waiting[:2]
            if self.chance.random() < 0.2:
                self.workers.add(lambda: self.clear(LOST))
            self.workers.run_some(self.chance.randrange(12))
        for report in waiting:
            self.deliver(report)

    def clear(self, later: timedelta) -> None:
        """As the timekeeper does that takes the node for lost."""
        known = self.world.fleet_store.node("local", self.node.id)
        assert known is not None
        self.writer.clear(known, known.reported_at + later)

    def take_last_safely(self) -> None:
        """What is sent every two seconds makes good what went wrong with the one before."""
        sent = NOW + timedelta(seconds=2 * self._sequence) + LOST
        messages = self.messages({**self.last, "sequence": 99}, sent)
        self.chance.shuffle(messages)
        for body, sent in messages:
            assert self.reports.take(body, int(sent.timestamp() * 1000), "r")

    def assert_present(self, expected: list[Admission]) -> None:
        ids = {one.participant.id for one in expected}
        for meeting in self.meetings:
            found = self.world.store.participants(meeting.id)
            assert {one.id for one in found if one.state == "joined"} == {one.id for one in found} & ids
            current = self.world.read(meeting)
            assert current.present == len([one for one in expected if one.meeting.id == meeting.id])
            log = self.world.store.events(meeting.id, 0, 10_000)
            assert replay(log).meeting == current
            self._assert_nobody_came_or_left_twice([(one.type, one.data) for one in log])

    def _assert_nobody_came_or_left_twice(self, log: list[tuple[str, object]]) -> None:
        balance: Counter[str] = Counter()
        for kind, data in log:
            if kind in ("participant.joined", "participant.left"):
                assert isinstance(data, dict)
                balance[data["participant"]["id"]] += 1 if kind == "participant.joined" else -1
        assert all(-1 <= times <= 1 for times in balance.values()), balance


@pytest.fixture(autouse=True, scope="module")
def _without_pauses() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalicelib.services.changes.random.uniform", lambda low, high: low)
        # Each lane travels in a message of its own.
        patch.setattr("media_node.report.MOST_MESSAGE_BYTES", 1)
        yield


SEEDS = st.integers(0, 2**32)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_after_any_faults_of_the_queue_the_state_is_that_of_the_last_report(seed: int):
    queue = FaultyQueue(seed)
    queue.deliver_with_faults()
    for message in queue.next_report():
        queue.deliver(message)
    queue.workers.run_all()
    queue.take_last_safely()
    queue.assert_present(queue.here)


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_after_any_faults_of_the_queue_nobody_stays_in_the_meetings_of_a_lost_node(seed: int):
    queue = FaultyQueue(seed)
    queue.deliver_with_faults()
    queue.workers.run_all()
    queue.clear(LOST)
    queue.assert_present([])
