"""The recordings of a node: what commands, meetings and recorders make of them, without a process."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from media_node.quantities import MeetingId
from media_node.recording import leftovers
from media_node.recording import recordings as module
from media_node.recording.manifest import Message
from media_node.recording.processes import BROKEN_STATUS, BUSY_STATUS, UNFINISHED_STATUS
from media_node.recording.recordings import (
    ABSENT_SECONDS,
    EMPTY_SECONDS,
    TOLD_SECONDS,
    TROUBLE_SECONDS,
    Recordings,
)
from media_node.recording.standing import Order, Standing

MEETING = MeetingId("mtg_a")


ENDED = b'{"end": true}\n'


@dataclass
class FakePipe:
    """What a recorder would read."""

    written: list[bytes] = field(default_factory=list)
    unread_bytes: int = 0

    @property
    def transport(self) -> FakePipe:
        return self

    def get_write_buffer_size(self) -> int:
        return self.unread_bytes

    def is_closing(self) -> bool:
        return False

    def write(self, line: bytes) -> None:
        self.written.append(line)

    @property
    def ids(self) -> list[str]:
        return [json.loads(line)["id"] for line in self.written if line != ENDED]


@dataclass
class FakeRecorder:
    """A recorder that says what a test tells it to, and ends when that says so."""

    take: Any
    lines: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    ended: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    pid: int = 7
    returncode: int | None = None
    stdin: FakePipe = field(default_factory=lambda: FakePipe())

    @property
    def stdout(self) -> FakeRecorder:
        return self

    async def readline(self) -> bytes:
        return await self.lines.get()

    async def wait(self) -> int:
        return await self.ended

    def end(self, status: int) -> None:
        self.ended.set_result(status)
        self.lines.put_nowait(b"")


@dataclass
class World:
    """A node's recordings with everything around them."""

    folder: Path
    now: float = 1_000.0
    taps: list[tuple[Any, ...]] = field(default_factory=list)
    told: list[Standing] = field(default_factory=list)
    recorders: list[FakeRecorder] = field(default_factory=list)
    recordings: Recordings = field(init=False)
    backup_trouble: str | None = None

    def __post_init__(self) -> None:
        self.recordings = Recordings(
            "node_a",
            self,
            self.folder,
            1,
            self.told.append,
            backup_trouble=lambda meeting: self.backup_trouble,
            monotonic=lambda: self.now,
            wallclock=lambda: self.now,
        )

    def open_tap(self, meeting: MeetingId, tap: int, descriptor: int) -> None:
        self.taps.append(("open", tap))

    def record(self, meeting: MeetingId, tap: int) -> None:
        self.taps.append(("record", tap))

    def pause(self, meeting: MeetingId) -> None:
        self.taps.append(("pause",))

    def close_tap(self, meeting: MeetingId, tap: int) -> None:
        self.taps.append(("close", tap))

    async def start_recorder(self, take: Any, end: Any) -> FakeRecorder:
        recorder = FakeRecorder(take)
        self.recorders.append(recorder)
        return recorder

    async def recorder(self, number: int) -> FakeRecorder:
        while len(self.recorders) <= number:  # noqa: ASYNC110 - a turn of the loop, not time
            await asyncio.sleep(0)
        return self.recorders[number]

    async def says(self, recorder: FakeRecorder, line: bytes) -> None:
        recorder.lines.put_nowait(line + b"\n")
        while not recorder.lines.empty():  # noqa: ASYNC110 - a turn of the loop, not time
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def ends(self, recorder: FakeRecorder, status: int) -> None:
        recorder.end(status)
        for _ in range(10):
            await asyncio.sleep(0)

    @property
    def states(self) -> list[tuple[str, str | None]]:
        return [(one.state, one.reason) for one in self.told]

    def report(self) -> list[dict[str, Any]]:
        return self.recordings.format_report()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    for one in (module, leftovers):
        monkeypatch.setattr(one, "start_recorder", made.start_recorder)
    return made


def order(recording: str = "rec_a") -> Order:
    return Order(recording, MEETING, "bucket", None, None)


async def test_a_meeting_that_is_here_is_recorded_at_once_and_only_once(world: World):
    world.recordings.start(order(), [MEETING])
    world.recordings.start(order(), [MEETING])
    assert world.taps == [("open", 1), ("record", 1)]
    assert world.states == [("recording", None)]
    recorder = await world.recorder(0)
    assert recorder.take.prefix.startswith("nodes/node_a/rec_a-")
    assert len(recorder.take.prefix.split("-")[1]) == 27
    await world.says(
        recorder, b'{"state": "recording", "reason": null, "segments": 3, "bytes": 9, "tracks": 2}'
    )
    (entry,) = world.report()
    assert (entry["state"], entry["segments"], entry["bytes"], entry["tracks"]) == ("recording", 3, 9, 2)


async def test_a_meeting_that_comes_later_is_recorded_when_it_does(world: World):
    world.recordings.start(order(), [])
    assert (world.taps, world.report()) == ([], [])
    world.recordings.handle_timeout([MEETING])
    assert world.taps == [("open", 1), ("record", 1)]


async def test_who_comes_first_is_told_before_being_welcomed(world: World):
    world.recordings.start(order(), [])
    world.recordings.handle_meeting(MeetingId("mtg_other"))
    assert world.told == []
    world.recordings.handle_meeting(MEETING)
    world.recordings.handle_meeting(MEETING)
    assert world.states == [("recording", None)]


async def test_a_meeting_that_never_comes_is_forgotten(world: World):
    world.recordings.start(order(), [])
    world.recordings.handle_timeout([])
    world.now += ABSENT_SECONDS
    world.recordings.handle_timeout([])
    world.now += TOLD_SECONDS
    world.recordings.handle_timeout([])
    assert world.recordings.recording_by_key == {}


async def test_a_stop_is_told_at_once_and_reported_for_a_minute_once_all_is_stored(world: World):
    world.recordings.start(order(), [MEETING])
    recorder = await world.recorder(0)
    world.recordings.stop("rec_a")
    assert world.taps[-1] == ("close", 1)
    assert world.states[-1] == ("stopped", None)
    assert world.report()[0]["state"] == "recording"
    await world.ends(recorder, 0)
    assert (world.report()[0]["state"], world.report()[0]["endedUs"]) == ("stopped", 1_000_000_000)
    world.now += TOLD_SECONDS
    world.recordings.handle_timeout([MEETING])
    assert world.report() == []


async def test_a_recorder_that_dies_is_followed_by_another_with_the_same_take(world: World):
    world.recordings.start(order(), [MEETING])
    first = await world.recorder(0)
    await world.ends(first, -9)
    assert world.states[-1] == ("degraded", "recorder_restarted")
    second = await world.recorder(1)
    assert second.take.prefix == first.take.prefix
    assert world.taps == [("open", 1), ("record", 1), ("open", 1)]
    await world.says(second, b'{"state": "recording", "reason": null}')
    assert world.told[-1].state == "recording"
    assert world.recordings.restarts == 1


async def test_a_recorder_that_cannot_use_its_state_is_followed_by_another_take(world: World):
    world.recordings.start(order(), [MEETING])
    first = await world.recorder(0)
    await world.ends(first, 3)
    second = await world.recorder(1)
    assert second.take.prefix != first.take.prefix


async def test_what_a_take_with_a_broken_state_has_is_stored_beside_the_next_and_before_the_end(world: World):
    world.recordings.start(order(), [MEETING])
    first = await world.recorder(0)
    await world.ends(first, BROKEN_STATUS)
    second, left = await world.recorder(1), await world.recorder(2)
    assert (left.take.prefix, left.take.descriptor) == (first.take.prefix, None)
    world.recordings.stop("rec_a")
    await world.ends(second, 0)
    assert world.report()[0]["state"] == "degraded"
    await world.ends(left, 0)
    assert world.report()[0]["state"] == "stopped"


async def test_a_recorder_that_dies_while_it_ends_is_followed_by_one_for_the_same_take(world: World):
    world.recordings.start(order(), [MEETING])
    first = await world.recorder(0)
    world.recordings.stop("rec_a")
    await world.ends(first, BROKEN_STATUS)
    left = await world.recorder(1)
    assert (left.take.prefix, left.take.descriptor) == (first.take.prefix, None)
    await world.ends(left, 0)
    assert world.report()[0]["state"] == "stopped"


async def test_reasons_are_told_as_they_come_and_go_and_nonsense_is_not(world: World):
    world.recordings.start(order(), [MEETING])
    recorder = await world.recorder(0)
    await world.says(recorder, b'{"state": "degraded", "reason": "spool_full"}')
    await world.says(recorder, b"Traceback (most recent call last):")
    await world.says(recorder, b'{"state": "recording", "reason": null}')
    assert world.states == [("recording", None), ("degraded", "spool_full"), ("recording", None)]


async def test_a_pause_hands_nothing_over_until_it_ends(world: World):
    world.recordings.start(order(), [MEETING])
    world.recordings.pause("rec_a")
    world.recordings.pause("rec_a")
    assert (world.taps[2:], world.report()[0]["state"]) == ([("pause",)], "paused")
    world.recordings.resume("rec_a")
    world.recordings.resume("rec_a")
    assert world.taps[3:] == [("record", 1)]
    assert [state for state, _ in world.states] == ["recording", "paused", "recording"]
    world.recordings.pause("rec_unknown")
    world.recordings.stop("rec_unknown")


async def test_a_pause_of_a_recording_with_a_problem_is_a_pause_until_it_ends(world: World):
    world.recordings.start(order(), [MEETING])
    recorder = await world.recorder(0)
    await world.says(recorder, b'{"state": "degraded", "reason": "spool_full"}')
    world.recordings.pause("rec_a")
    assert (world.states[-1], world.report()[0]["state"]) == (("paused", "spool_full"), "paused")
    assert [one.is_degraded for one in world.recordings.counts()] == [True]
    world.recordings.resume("rec_a")
    assert world.states[-1] == ("degraded", "spool_full")


async def test_people_who_come_back_are_recorded_in_another_take(world: World):
    world.recordings.start(order(), [MEETING])
    first = await world.recorder(0)
    world.recordings.handle_timeout([])
    assert world.taps[-1] == ("close", 1)
    world.recordings.handle_timeout([MEETING])
    second = await world.recorder(1)
    assert second.take.prefix != first.take.prefix
    await world.ends(first, 0)
    assert world.report()[0]["state"] == "recording"


async def test_a_meeting_that_stays_empty_ends_its_recording(world: World):
    world.recordings.start(order(), [MEETING])
    world.recordings.handle_timeout([])
    world.now += EMPTY_SECONDS
    world.recordings.handle_timeout([])
    assert world.report()[0]["state"] == "stopped"


async def test_another_recording_of_a_meeting_takes_the_place_of_the_first(world: World):
    world.recordings.start(order(), [MEETING])
    world.recordings.start(order("rec_b"), [MEETING])
    assert world.taps == [("open", 1), ("record", 1), ("close", 1), ("open", 2), ("record", 2)]


async def test_what_an_earlier_node_left_is_finished_and_what_is_unreadable_is_not(world: World):
    world.recordings.start(order(), [MEETING])
    take = (await world.recorder(0)).take
    (world.folder / "a.settings").write_text(take.format())
    (world.folder / "b.settings").write_text("{}")
    world.recordings.finish_leftovers()
    left = await world.recorder(1)
    assert (left.take.prefix, left.take.descriptor) == (take.prefix, None)
    await world.ends(left, 0)
    assert len(world.recorders) == 2


@pytest.mark.parametrize("status", [BUSY_STATUS, UNFINISHED_STATUS])
async def test_what_an_earlier_node_left_is_gone_on_with_until_it_is_stored(
    world: World, monkeypatch: pytest.MonkeyPatch, status: int
):
    monkeypatch.setattr(leftovers, "LEFT_SECONDS", 0)
    world.recordings.start(order(), [MEETING])
    take = (await world.recorder(0)).take
    (world.folder / "a.settings").write_text(take.format())
    world.recordings.finish_leftovers()
    await world.ends(await world.recorder(1), status)
    again = await world.recorder(2)
    assert again.take.prefix == take.prefix
    await world.ends(again, 0)
    assert len(world.recorders) == 3


def backup(recording: str = "rec_a") -> Order:
    return Order(recording, MEETING, "bucket", None, None, "backup")


def with_backup(recording: str = "rec_a") -> Order:
    return Order(recording, MEETING, "bucket", None, None, has_backup=True)


async def test_a_second_recorder_that_is_missing_for_a_while_is_told_and_its_return_at_once(world: World):
    world.recordings.start(with_backup(), [MEETING])
    world.backup_trouble = "no_backup"
    world.recordings.handle_timeout([MEETING])
    world.now += TROUBLE_SECONDS - 0.1
    world.recordings.handle_timeout([MEETING])
    assert world.states == [("recording", None)]
    world.now += 0.1
    world.recordings.handle_timeout([MEETING])
    world.recordings.handle_timeout([MEETING])
    assert world.states[1:] == [("degraded", "no_backup")]
    assert world.report()[0]["reason"] == "no_backup"
    assert [one.lacks_backup for one in world.recordings.counts()] == [True]
    world.backup_trouble = None
    world.recordings.handle_timeout([MEETING])
    assert world.states[2:] == [("recording", None)]


async def test_what_is_wrong_with_the_recorder_itself_is_told_first(world: World):
    world.recordings.start(with_backup(), [MEETING])
    recorder = await world.recorder(0)
    world.backup_trouble = "no_backup"
    for _ in range(2):
        world.recordings.handle_timeout([MEETING])
        world.now += TROUBLE_SECONDS
    await world.says(recorder, b'{"state": "degraded", "reason": "disk_full"}')
    assert world.states[-1] == ("degraded", "disk_full")
    await world.says(recorder, b'{"state": "recording", "reason": null}')
    assert world.states[-1] == ("degraded", "no_backup")


async def test_a_recording_that_is_to_have_one_recorder_misses_no_second(world: World):
    world.backup_trouble = "no_backup"
    world.recordings.start(order(), [MEETING])
    for _ in range(2):
        world.recordings.handle_timeout([MEETING])
        world.now += TROUBLE_SECONDS
    assert world.states == [("recording", None)]


async def test_a_backup_waits_for_its_link_and_goes_on_in_its_take_when_that_comes_back(world: World):
    world.recordings.start(backup(), [MEETING])
    assert world.taps == []
    world.recordings.handle_timeout([MeetingId("rec_a")])
    recorder = await world.recorder(0)
    assert (recorder.take.identity.role, world.report()[0]["role"]) == ("backup", "backup")
    world.recordings.handle_timeout([])
    world.now += ABSENT_SECONDS - 1
    world.recordings.handle_timeout([])
    world.recordings.handle_timeout([MeetingId("rec_a")])
    assert world.states == [("recording", None), ("degraded", "disconnected"), ("recording", None)]
    assert world.taps == [("open", 1), ("record", 1)]
    world.recordings.handle_timeout([])
    world.now += ABSENT_SECONDS
    world.recordings.handle_timeout([])
    await world.ends(recorder, 0)
    assert world.report()[0]["state"] == "stopped"


async def test_a_node_that_a_meeting_comes_to_records_it_as_the_first_and_no_longer_as_the_second(
    world: World,
):
    world.recordings.start(backup(), [MeetingId("rec_a")])
    world.recordings.start(order(), [MEETING])
    assert world.taps == [("open", 1), ("record", 1), ("close", 1), ("open", 2), ("record", 2)]
    # A command that was on its way since before changes nothing.
    world.recordings.start(backup(), [MEETING])
    assert len(world.taps) == 5
    assert [(one["role"]) for one in world.report()] == ["backup", "primary"]


async def test_a_stop_ends_what_a_node_records_as_the_second_and_a_pause_holds_both(world: World):
    world.recordings.start(backup(), [MeetingId("rec_a")])
    world.recordings.pause("rec_a")
    world.recordings.stop("rec_a")
    assert [state for state, _ in world.states] == ["recording", "paused", "stopped"]
    assert world.taps[-1] == ("close", 1)
    assert world.recordings.places("backup") == {MeetingId("rec_a")}
    await world.ends(await world.recorder(0), 0)
    assert world.recordings.places("backup") == set()


async def test_objects_lie_under_the_name_that_the_nodes_rights_end_at(world: World):
    world.recordings = Recordings(
        "node_a",
        world,
        world.folder,
        1,
        world.told.append,
        owner="AROA:i-1",
        monotonic=lambda: world.now,
        wallclock=lambda: world.now,
    )
    world.recordings.start(order(), [MEETING])
    assert (await world.recorder(0)).take.prefix.startswith("nodes/AROA:i-1/node_a/rec_a-")


def written(number: int) -> Message:
    return Message(f"msg_{number}", "par_a", "Hi", number)


async def test_what_people_write_goes_to_the_recorder_and_not_in_a_pause(world: World):
    world.recordings.start(order(), [MEETING])
    recorder = await world.recorder(0)
    await world.says(recorder, b"{}")
    world.recordings.hear(MEETING, written(1))
    world.recordings.hear(MeetingId("mtg_b"), written(2))
    world.recordings.pause("rec_a")
    world.recordings.hear(MEETING, written(3))
    world.recordings.resume("rec_a")
    world.recordings.hear(MEETING, written(4))
    world.recordings.stop("rec_a")
    world.recordings.hear(MEETING, written(5))
    assert recorder.stdin.ids == ["msg_1", "msg_4"]
    assert recorder.stdin.written.index(ENDED) == len(recorder.stdin.written) - 1


async def test_what_a_dead_recorder_may_not_have_read_is_told_to_the_next(world: World):
    world.recordings.start(order(), [MEETING])
    recorder = await world.recorder(0)
    await world.says(recorder, b"{}")
    world.recordings.hear(MEETING, written(1))
    await world.ends(recorder, -9)
    world.recordings.hear(MEETING, written(2))
    again = await world.recorder(1)
    await world.says(again, b"{}")
    assert sorted(set(again.stdin.ids)) == ["msg_1", "msg_2"]


async def test_a_recorder_that_reads_nothing_is_not_waited_for(world: World):
    world.recordings.start(order(), [MEETING])
    recorder = await world.recorder(0)
    await world.says(recorder, b"{}")
    recorder.stdin.unread_bytes = 2 << 20
    world.recordings.hear(MEETING, written(1))
    assert recorder.stdin.written == []
