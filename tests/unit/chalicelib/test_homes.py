"""Homes of meetings and recordings: looked for where they may be, once, and used for no longer than asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chalicelib.domain.identifiers import MeetingId
from chalicelib.domain.meeting import Coded
from chalicelib.services.directory import Directory
from chalicelib.services.homes import Homes
from chalicelib.services.protocols import MeetingStore, RecordingStore

HERE, THERE = "here", "there"
CODE = "abc-defg-hij"
MEETING, RECORDING = f"mtg_{'a' * 26}", f"rec_{'b' * 26}"


class TwoRegions:
    """What each region's tables hold, and which of them is used now."""

    def __init__(self, *, others: Sequence[str] = (THERE,)) -> None:
        self.used = ["nowhere"]
        self.looks: list[str] = []
        self.kept: dict[str, dict[str, Any]] = {HERE: {}, THERE: {}}
        store = cast(MeetingStore, SimpleNamespace(by_id=self._by_id, coded=self._coded))
        self.directory = Directory(store)
        self.homes = Homes(self.directory, cast(RecordingStore, store), self._in_region, HERE, others)

    def _coded(self, code: str) -> Any:
        return self.kept[self.used[-1]].get(code)

    def _by_id(self, name: str) -> Any:
        self.looks.append(self.used[-1])
        return self.kept[self.used[-1]].get(name)

    @contextmanager
    def _in_region(self, region: str) -> Iterator[None]:
        self.used.append(region)
        try:
            yield
        finally:
            self.used.pop()


def test_a_recording_of_another_region_is_used_there():
    world = TwoRegions()
    world.kept[THERE][RECORDING] = SimpleNamespace(region=THERE)
    with world.homes.of_recording(RECORDING):
        assert world.used[-1] == THERE
    assert world.used == ["nowhere"]


def test_a_replica_that_knows_a_meeting_is_enough_to_tell_its_home():
    world = TwoRegions()
    world.kept[HERE][MEETING] = SimpleNamespace(home_region=THERE)
    with world.homes.of_meeting(MEETING):
        assert world.used[-1] == THERE
    assert world.looks == [HERE]


def test_a_home_is_looked_for_once():
    world = TwoRegions()
    world.kept[THERE][MEETING] = SimpleNamespace(home_region=THERE)
    for _ in range(3):
        with world.homes.of_meeting(MEETING):
            assert world.used[-1] == THERE
    assert world.looks == [HERE, THERE]


def test_a_code_tells_the_home_and_nothing_is_read_for_it():
    world = TwoRegions()
    world.kept[HERE][CODE] = Coded(MeetingId(MEETING), THERE)
    world.kept[THERE][MEETING] = SimpleNamespace(id=MEETING, home_region=THERE)
    with world.homes.of_meeting(CODE.upper()):
        assert world.directory.meeting(CODE.upper())[0] is not None
    assert world.looks == [THERE]


def test_a_code_that_does_not_tell_the_home_leads_to_the_meeting_that_does():
    world = TwoRegions()
    world.kept[HERE][CODE] = Coded(MeetingId(MEETING))
    world.kept[HERE][MEETING] = SimpleNamespace(id=MEETING, home_region=THERE)
    with world.homes.of_meeting(CODE):
        assert world.used[-1] == THERE


@pytest.mark.parametrize(("home", "looks"), [(HERE, [HERE]), (THERE, [HERE, THERE])])
def test_what_was_read_in_the_home_to_find_it_is_used_once_and_no_replicas_is(home: str, looks: list[str]):
    world = TwoRegions()
    for region in (HERE, THERE):
        world.kept[region][MEETING] = SimpleNamespace(id=MEETING, home_region=home, read_in=region)
    with world.homes.of_meeting(MEETING):
        first: Any = world.directory.meeting(MEETING)[0]
        assert (first.read_in, world.looks) == (home, looks)
        world.directory.meeting(MEETING)
        assert world.looks == [*looks, home], "whoever reads again reads what is there now"


def test_what_was_read_for_one_request_is_not_used_by_the_next():
    world = TwoRegions()
    world.kept[HERE][MEETING] = SimpleNamespace(id=MEETING, home_region=HERE)
    with world.homes.of_meeting(MEETING):
        pass
    with world.homes.of_meeting(MEETING):
        world.directory.meeting(MEETING)
    assert world.looks == [HERE, HERE]


def test_what_is_nowhere_is_answered_here_and_looked_for_again():
    world = TwoRegions()
    with world.homes.of_meeting(MEETING):
        assert world.used[-1] == HERE
    world.kept[THERE][MEETING] = SimpleNamespace(home_region=THERE)
    with world.homes.of_meeting(MEETING):
        assert world.used[-1] == THERE


@pytest.mark.parametrize("name", ["", "mtg_", "no id", "x" * 5000, RECORDING])
def test_what_is_no_id_is_looked_for_nowhere(name):
    world = TwoRegions()
    with world.homes.of_meeting(name):
        assert world.used[-1] == HERE
    assert not world.looks


def test_where_all_regions_share_their_tables_nothing_is_looked_for():
    world = TwoRegions(others=())
    with world.homes.of_meeting(MEETING):
        assert world.used[-1] == HERE
    assert not world.looks


def test_a_failure_meanwhile_gives_the_region_back():
    world = TwoRegions()

    def fail() -> None:
        with world.homes.of_meeting(MEETING):
            raise ValueError("within")

    with pytest.raises(ValueError, match="within"):
        fail()
    assert world.used == ["nowhere"]
