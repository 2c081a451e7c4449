"""A region under load in virtual time, from a seed: the control plane's own placing, and stores in memory.

Meetings come at random at a given rate through many function instances, each with a snapshot of its own that
is up to two seconds old; they live for a while and end, and some of the releases that follow are lost. Nodes
report every two seconds; reports are lost and late; nodes die. Who was sent to a dead node asks again.
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.domain.decisions import admit, end
from chalicelib.domain.events import Change, Obstacle
from chalicelib.domain.identifiers import MeetingId, NodeId
from chalicelib.domain.placement import Node, Reservation
from chalicelib.domain.presence import Fence, digest
from chalicelib.domain.regions import RegionWish
from chalicelib.errors import NoCapacityError
from chalicelib.services.fleet import Fleet
from chalicelib.services.placing import Placing
from chalicelib.services.tenants import Tenants
from tests.support.builders import NOW, a_meeting, a_node, a_participant
from tests.support.memory_stores import MemoryFleet, MemoryMeetings, RecordingCommands

REPORT_SECONDS = 2.0
NOBODY_DIGEST = digest({})


@dataclass(frozen=True)
class Scenario:
    nodes: int = 500
    capacity_units: int = 3_000
    creates_per_second: float = 6_900.0
    seconds: float = 60.0
    mean_life_seconds: float = 20.0
    instances: int = 200
    # Of all meetings those that expect 30 to 99 people and hold room for them from the start.
    crowds: float = 0.0
    lost_releases: float = 0.0
    lost_reports: float = 0.0
    late_reports: float = 0.0
    # Nodes that die in the middle of the run.
    deaths: int = 0
    seed: int = 1


@dataclass
class Outcome:
    created: int = 0
    failed: int = 0
    asked_again: int = 0
    # Writes that a node refused, being full by then.
    refused_writes: int = 0
    over_capacity: int = 0
    # Samples after the start, one a second: the fullest node that lives, of the mean.
    fullest_of_mean: list[float] = field(default_factory=list)
    mean_fill: list[float] = field(default_factory=list)
    # Units that are set aside for nobody, in the end.
    leaked: int = 0
    cpu_seconds: float = 0.0


class _Meetings(MemoryMeetings):
    """Knows what each node's meetings hold without looking at all of them."""

    def __init__(self, fleet: MemoryFleet, outcome: Outcome) -> None:
        super().__init__(fleet)
        self.held: Counter[NodeId] = Counter()
        self._outcome = outcome

    def commit(
        self,
        change: Change,
        reservation: Reservation | None = None,
        most_live: int | None = None,
        fence: Fence | None = None,
    ) -> Obstacle | None:
        obstacle = super().commit(change, reservation, most_live, fence)
        if obstacle is None:
            for meeting, sign in ((change.before, -1), (change.after, 1)):
                if meeting.placement is not None and meeting.state != "ended":
                    self.held[meeting.placement.node] += sign * meeting.placement.units
        self._outcome.refused_writes += obstacle == "node"
        return obstacle

    def held_units(self, node: NodeId) -> int:
        return self.held[node]

    def forget(self, meeting: MeetingId) -> None:
        """Ended long ago: memory is for those that go on."""
        gone = self.meeting_by_id.pop(meeting)
        self._coded.pop(gone.code, None)
        self._events.pop(meeting, None)
        self._participants.pop(meeting, None)


class Simulation:
    """Run it once; the outcome says what happened."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.outcome = scenario, Outcome()
        self.chance = random.Random(scenario.seed)
        self.seconds = 0.0
        self.fleet_store = MemoryFleet()
        self.meetings = _Meetings(self.fleet_store, self.outcome)
        self.nodes = [
            a_node(
                id=NodeId(f"node_{index:026}"), capacity_units=scenario.capacity_units, zone=f"{index % 3}"
            )
            for index in range(scenario.nodes)
        ]
        self.dead: set[NodeId] = set()
        self._instances = [self._instance() for _ in range(scenario.instances)]
        self._reporting = self._instance()[0]
        self._order = itertools.count()
        self._queue: list[tuple[float, int, Any]] = []
        self._sequence: defaultdict[NodeId, int] = defaultdict(int)

    def _instance(self) -> tuple[Fleet, Placing]:
        commands: Any = RecordingCommands()
        fleet = Fleet(self.fleet_store, self.meetings, commands, ["local"], lambda: self.seconds)
        return fleet, Placing(self.meetings, fleet, Tenants(self.meetings.tenants), self.chance.randrange)

    def run(self) -> Outcome:
        for node in self.nodes:
            self._send_report(node)
            self._at(self.chance.uniform(0, REPORT_SECONDS), self._report, node)
        for _ in range(self.scenario.deaths):
            self._at(self.scenario.seconds / 2, self._kill)
        self._at(0.0, self._create)
        for second in range(1, int(self.scenario.seconds) + 1):
            self._at(float(second), self._sample)
        while self._queue and self._queue[0][0] <= self.scenario.seconds:
            self.seconds, _, (call, arguments) = heapq.heappop(self._queue)
            call(*arguments)
        self.outcome.leaked = sum(
            abs(node.reserved_units - self.meetings.held[node.id])
            for node in self.fleet_store.nodes("local")
            if node.id not in self.dead
        )
        return self.outcome

    def _at(self, seconds: float, call: Any, *arguments: Any) -> None:
        heapq.heappush(self._queue, (seconds, next(self._order), (call, arguments)))

    @property
    def _now(self) -> Any:
        return NOW + timedelta(seconds=self.seconds)

    # Meetings.

    def _create(self) -> None:
        self._at(self.seconds + self.chance.expovariate(self.scenario.creates_per_second), self._create)
        kind = self.chance.random()
        expected = self.chance.randrange(30, 100) if kind < self.scenario.crowds else None
        meeting = a_meeting(
            id=MeetingId(f"mtg_{self.outcome.created:026}"),
            created_at=self._now,
            media="audio" if kind > 0.9 else "video",
            expected_participants=expected,
        )
        self.meetings.create(Change.creation(meeting), None, "")
        self.outcome.created += 1
        self._enter(meeting.id, None)
        life = self.chance.expovariate(1 / self.scenario.mean_life_seconds)
        self._at(self.seconds + life, self._end, meeting.id)

    def _enter(self, name: MeetingId, refused_by: NodeId | None) -> None:
        meeting = self.meetings.by_id(name)
        assert meeting is not None
        change = admit(meeting, a_participant(meeting, asked_at=self._now), None)
        placing = self._instances[self.chance.randrange(len(self._instances))][1]
        started = time.process_time()
        try:
            entered = placing.enter(change, RegionWish(), refused_by, self._now, fresh=False)
        except NoCapacityError:
            self.outcome.failed += 1
            return
        finally:
            self.outcome.cpu_seconds += time.process_time() - started
        assert entered is not None
        if entered.node.id in self.dead:
            self.outcome.asked_again += 1
            self._at(self.seconds + 0.5, self._ask_again, name, entered.node.id)

    def _ask_again(self, name: MeetingId, refused_by: NodeId) -> None:
        meeting = self.meetings.by_id(name)
        if meeting is not None and meeting.state != "ended":
            self._enter(name, refused_by)

    def _end(self, name: MeetingId) -> None:
        meeting = self.meetings.by_id(name)
        change = end(meeting, "requested", self._now) if meeting is not None else None
        if change is None:
            return
        self.meetings.commit(change)
        if self.chance.random() >= self.scenario.lost_releases:
            self._reporting.forget_meeting(change.after, "r", self._now)
        self.meetings.forget(name)

    # Nodes.

    def _report(self, node: Node) -> None:
        if node.id in self.dead:
            return
        self._at(self.seconds + REPORT_SECONDS, self._report, node)
        if self.chance.random() >= self.scenario.lost_reports:
            self._send_report(node)

    def _send_report(self, node: Node) -> None:
        self._sequence[node.id] += 1
        report = dataclasses.replace(node, sequence=self._sequence[node.id], reported_at=self._now)
        late = self.chance.uniform(0, 4.0) if self.chance.random() < self.scenario.late_reports else 0.0
        if late:
            self._at(self.seconds + late, self._take_report, report)
        else:
            self._take_report(report)

    def _take_report(self, report: Node) -> None:
        self._reporting.note_report(report)

    def _kill(self) -> None:
        node = self.chance.choice([one for one in self.nodes if one.id not in self.dead])
        self.dead.add(node.id)

    # What is seen.

    def _sample(self) -> None:
        living = [node for node in self.fleet_store.nodes("local") if node.id not in self.dead]
        held = [self.meetings.held[node.id] for node in living]
        self.outcome.over_capacity += sum(units > self.scenario.capacity_units for units in held)
        self.outcome.over_capacity += sum(node.reserved_units > node.capacity_units for node in living)
        if self.seconds >= 2 * self.scenario.mean_life_seconds or self.seconds >= self.scenario.seconds / 2:
            mean = sum(held) / len(held)
            self.outcome.fullest_of_mean.append(max(held) / mean)
            self.outcome.mean_fill.append(mean / self.scenario.capacity_units)
