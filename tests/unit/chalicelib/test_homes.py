"""Homes of meetings and recordings: looked for where they may be, once, and used for no longer than asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chalicelib.services.homes import Homes
from chalicelib.services.protocols import MeetingStore, RecordingStore

HERE, THERE = "here", "there"
MEETING, RECORDING = f"mtg_{'a' * 26}", f"rec_{'b' * 26}"


class TwoRegions:
    """What each region's tables hold, and which of them is used now."""

    def __init__(self, *, others: Sequence[str] = (THERE,)) -> None:
        self.used = ["nowhere"]
        self.looks: list[str] = []
        self.kept: dict[str, dict[str, Any]] = {HERE: {}, THERE: {}}
        store = SimpleNamespace(by_id=self._by_id, id_of_code=lambda code: None)
        self.homes = Homes(
            cast(MeetingStore, store), cast(RecordingStore, store), self._in_region, HERE, others
        )

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
