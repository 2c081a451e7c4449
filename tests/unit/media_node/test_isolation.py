"""What fails over one meeting is that meeting's alone, and a part of the node that fails is not silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

import packet_plane
from media_node.bandwidth.receiver import Receiver
from media_node.errors import LayerOrderError
from media_node.isolation import FAILING_IN_A_ROW, Isolation
from media_node.plane_events import PlaneEvents
from media_node.quantities import Instant
from tests.support.stage import Stage, grid


def two_meetings() -> tuple[Stage, Stage]:
    """Anna and Ben in one meeting, Carl and Dora in another of the same node; the second of each watches."""
    stages = Stage(), None
    first = stages[0]
    second = Stage(beside=first)
    for stage, (shown, viewer) in ((first, ("anna", "ben")), (second, ("carl", "dora"))):
        stage.join(shown, "microphone", "camera")
        stage.join(viewer, "microphone")
        stage.layers(shown, grid())
        stage.estimate(viewer, 5_000_000)
        stage.show(viewer, 0, shown)
        assert stage.layer(viewer) == (2, 1)
    return first, second


def break_ladder(monkeypatch: pytest.MonkeyPatch, broken: Stage, name: str) -> None:
    """Let the choice for one receiver fail from now on."""
    receiver = broken.hosting.live.distribution.receiver_by_key[broken.key(name)]
    choose = Receiver.choose

    def fail(self: Receiver, now: Instant, ladder_of: Any) -> Any:
        if self is receiver:
            raise LayerOrderError("costs ascend from rung to rung, unlike (2, 1)")
        return choose(self, now, ladder_of)

    monkeypatch.setattr(Receiver, "choose", fail)


def gone(stage: Stage, *names: str) -> bool:
    """Whether everybody of these was told to join again, and nothing is left of them on the node."""
    told = all([one["reason"] for one in stage.heard(name, "removed")] == ["moved"] for name in names)
    live, forwarding = stage.hosting.live, stage.forwarding
    left = [
        *[key for key in forwarding.transport_by_participant if key[0] == stage.meeting],
        *[key for key in live.distribution.receiver_by_key if key[0] == stage.meeting],
        *[one for one in live.distribution.source_by_track.values() if one.meeting == stage.meeting],
    ]
    return told and not left and stage.meeting not in live.meeting_by_id


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as entries:
        yield entries


@dataclass
class Estimate:
    transport: int
    estimate_bps: int


@dataclass
class Lost:
    meeting: int


@dataclass
class Restarted:
    worker: int


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Callable[[Stage], PlaneEvents]:
    """The plane's events are made by the plane alone: these stand in for them."""
    monkeypatch.setattr(packet_plane, "EstimateChanged", Estimate)
    monkeypatch.setattr(packet_plane, "MeetingLost", Lost)
    monkeypatch.setattr(packet_plane, "WorkerRestarted", Restarted)
    return lambda stage: PlaneEvents(stage.forwarding, stage.connections, stage.hosting, stage.isolation)


def estimate_of(stage: Stage, name: str, bps: int) -> Any:
    return Estimate(stage.forwarding.transport_by_participant[stage.key(name)].number, bps)


def test_an_event_that_fails_ends_its_meeting_and_the_others_are_heard_and_flushed(
    monkeypatch: pytest.MonkeyPatch, events: Callable[[Stage], PlaneEvents], logged: list[Any]
):
    first, second = two_meetings()
    break_ladder(monkeypatch, first, "ben")
    first.forwarding.batches.clear()
    drained = [estimate_of(first, "ben", 100_000), estimate_of(second, "dora", 250_000)]
    events(first).handle(drained)
    assert gone(first, "anna", "ben")
    assert second.layer("dora") == (0, 1)
    commands = [one for batch in first.forwarding.batches for one in batch]
    assert any(isinstance(one, packet_plane.SelectLayer) for one in commands)
    assert sum(isinstance(one, packet_plane.RemoveTransport) for one in commands) == 2
    assert first.isolation.meetings_failed == 1
    assert [one["meeting"] for one in logged if one["event"] == "meeting_failed"] == [first.meeting]
    assert not first.isolation.failing


def test_an_event_whose_own_handling_fails_ends_its_meeting_alone(
    monkeypatch: pytest.MonkeyPatch, events: Callable[[Stage], PlaneEvents]
):
    first, second = two_meetings()
    handle = first.hosting.handle_estimate
    number = estimate_of(first, "ben", 0).transport

    def fail(transport: int, bps: float) -> None:
        if transport == number:
            raise KeyError(transport)
        handle(transport, bps)

    monkeypatch.setattr(first.hosting, "handle_estimate", fail)
    late = estimate_of(first, "anna", 1_000_000)
    drained: list[Any] = [Estimate(number, 1), late, estimate_of(second, "dora", 250_000)]
    events(first).handle(drained)
    assert gone(first, "anna", "ben")
    assert second.layer("dora") == (0, 1)
    assert not second.heard("dora", "removed")


def test_the_timers_look_at_one_meeting_that_fails_leaves_the_others_theirs(monkeypatch: pytest.MonkeyPatch):
    first, second = two_meetings()
    break_ladder(monkeypatch, first, "ben")
    for stage, viewer in ((first, "ben"), (second, "dora")):
        live = stage.hosting.live
        live.distribution.receiver_by_key[stage.key(viewer)].handle_estimate(Instant(first.now), 250_000)
        live.distribution._trembling[stage.key(viewer)] = None
    first.wait(0.25)
    first.hosting.end_broken()
    assert gone(first, "anna", "ben")
    assert second.layer("dora") == (0, 1)


def test_pressure_and_weak_links_reach_the_others(monkeypatch: pytest.MonkeyPatch):
    first, second = two_meetings()
    break_ladder(monkeypatch, first, "ben")
    first.hosting.handle_pressure(1)
    assert second.layer("dora") == (1, 1)
    apply = first.hosting.live.apply

    def fail(meeting: Any, *args: Any) -> None:
        if meeting.id == first.meeting:
            raise ValueError("a broken invariant")
        apply(meeting, *args)

    monkeypatch.setattr(first.hosting.live, "apply", fail)
    first.hosting.handle_links({first.key("ben"): "downlink", second.key("dora"): "downlink"})
    assert second.heard("dora", "links")


def test_those_who_did_not_come_back_are_given_up_whatever_fails_over_others(monkeypatch: pytest.MonkeyPatch):
    first, second = two_meetings()
    for stage, name in ((first, "ben"), (second, "dora")):
        stage.hosting.handle_socket_closed(stage.seats[name])
    meeting = first.hosting.live.meeting_by_id[first.meeting]
    monkeypatch.setattr(meeting, "handle_leave", lambda *_: 1 / 0)
    first.now += 30
    first.hosting.handle_timeout()
    first.hosting.end_broken()
    assert first.meeting not in first.hosting.live.meeting_by_id
    assert second.key("dora") not in second.forwarding.transport_by_participant
    assert second.meeting in second.hosting.live.meeting_by_id


def test_a_meeting_whose_media_is_lost_is_ended_and_its_people_come_back(
    events: Callable[[Stage], PlaneEvents],
):
    first, second = two_meetings()
    number = first.forwarding._meeting_numbers[first.meeting]
    lost: list[Any] = [Lost(number)]
    events(first).handle(lost)
    assert gone(first, "anna", "ben")
    assert second.hosting.live.participants == 2
    events(first).handle(lost)
    first.join("anna", "microphone", "camera")
    first.join("ben", "microphone")
    first.layers("anna", grid())
    first.estimate("ben", 5_000_000)
    first.show("ben", 0, "anna")
    assert first.layer("ben") == (2, 1)
    assert first.forwarding._meeting_numbers[first.meeting] != number


def test_a_worker_that_began_anew_sends_all_its_meetings_away(events: Callable[[Stage], PlaneEvents]):
    first, second = two_meetings()
    other: list[Any] = [Restarted(1)]
    own: list[Any] = [Restarted(0)]
    events(first).handle(other)
    assert first.hosting.live.participants == 4
    events(first).handle(own)
    assert gone(first, "anna", "ben")
    assert gone(second, "carl", "dora")
    assert first.hosting.live.participants == 0


def test_a_seat_that_cannot_be_told_keeps_nobody_else_from_going():
    first, _ = two_meetings()

    def fail(_: str) -> None:
        raise OSError

    first.seats["anna"].session.connect(fail)
    first.hosting.live.abandon(first.meeting)
    assert gone(first, "ben")
    assert first.isolation.failures_by_part == {"goodbye": 1}


def test_commands_that_a_full_worker_did_not_take_go_with_the_next_batch():
    first, _ = two_meetings()
    taken: list[Any] = []
    is_full = True

    def submit(worker: int, commands: Any) -> None:
        if is_full:
            raise packet_plane.QueueFullError("65536 commands wait")
        taken.extend(commands)

    first.forwarding._submit = submit
    first.estimate("ben", 250_000)
    assert first.isolation.take_broken() == []
    is_full = False
    first.forwarding.flush()
    assert any(isinstance(one, packet_plane.SelectLayer) for one in taken)


def test_a_part_that_fails_again_and_again_is_named_until_it_works(logged: list[Any]):
    isolation = Isolation()
    for _ in range(FAILING_IN_A_ROW):
        assert isolation.failing == []
        isolation.run("pressure", lambda: 1 / 0)
    assert isolation.failing == ["pressure"]
    assert all(one["exc_info"] for one in logged)
    assert isolation.failures_by_part == {"pressure": FAILING_IN_A_ROW}
    isolation.run("pressure", lambda: None)
    assert isolation.failing == []


async def test_so_is_one_that_waits_for_something():
    isolation = Isolation()

    async def fail() -> None:
        raise OSError("nobody answers")

    for _ in range(FAILING_IN_A_ROW):
        await isolation.wait_for("keys", fail)
    assert isolation.failing == ["keys"]


async def test_a_task_that_ends_by_itself_is_told_and_one_that_is_cancelled_is_not(logged: list[Any]):
    isolation = Isolation()

    async def die() -> None:
        raise ValueError("a broken invariant")

    async def live() -> None:
        await asyncio.Event().wait()

    tasks = [asyncio.ensure_future(one) for one in (die(), live())]
    for name, task in zip(("timer", "other"), tasks, strict=True):
        isolation.watch(name, task)
    tasks[1].cancel()
    await asyncio.wait(tasks)
    await asyncio.sleep(0)
    assert isolation.failing == ["timer"]
    assert [one["part"] for one in logged] == ["timer"]
