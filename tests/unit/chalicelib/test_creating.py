"""Where a new meeting lives; one idempotency key makes one meeting, whatever breaks between regions."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.identifiers import KeyId, Tenant
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.permissions import ApiKeyCaller
from chalicelib.domain.regions import RegionWish
from chalicelib.errors import IdempotencyConflictError, StoreUnavailableError
from chalicelib.services.creating import PASSED_BY, SOON, Creating, MeetingWishes
from chalicelib.services.fleet import Fleet
from chalicelib.services.tenants import Tenants
from tests.support.builders import NOW, a_node
from tests.support.interleaving import Interleaving
from tests.support.memory_stores import MemoryFleet, MemoryMeetings, MemoryTenants, RecordingCommands

HERE, NEAR, FAR = "eu-central-1", "eu-west-1", "us-east-1"
REGIONS = (HERE, NEAR, FAR)
ACME = ApiKeyCaller(Tenant("acme"), KeyId("key_1"))
WISHES = MeetingWishes(None, True, 100, timedelta(minutes=10), None, {})
NOWHERE = RegionWish()

_used: ContextVar[str] = ContextVar("used")


class _Regional:
    """The store of the region that is used now."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            return self._world.call(name, arguments)

        return call


class World:
    """Regions with tables of their own, whose claims reach each other when a test says so."""

    def __init__(self, seed: int = 1, crash_share: float = 0.0) -> None:
        self._chance = random.Random(seed)
        self.fleet = MemoryFleet()
        self.store_by_region = {region: MemoryMeetings(self.fleet) for region in REGIONS}
        self._written_at: dict[tuple[str, Any], int] = {}
        self._writes = 0
        self.workers = Interleaving(seed, crash_share)
        self._store = self.workers.paced(_Regional(self))
        # Before the named store's answer: it has acted or not, and nobody hears of it.
        self.faults: list[str | None] = []
        self.asked: list[str] = []
        self.away: set[str] = set()
        for region in REGIONS:
            self.fill(region, is_full=False)

    def fill(self, region: str, *, is_full: bool = True, **changes: Any) -> None:
        """Let the one node of a region have room, or none."""
        nodes = self.fleet.nodes(region)
        sequence = nodes[0].sequence + 1 if nodes else 1
        node = dataclasses.replace(nodes[0] if nodes else a_node(region=region), sequence=sequence, **changes)
        used = node.capacity_units if is_full else 0
        self.fleet.record(dataclasses.replace(node, used_units=used))

    @contextmanager
    def in_region(self, region: str) -> Iterator[None]:
        before = _used.set(region)
        try:
            yield
        finally:
            _used.reset(before)

    def call(self, name: str, arguments: Any) -> Any:
        region = _used.get()
        fault = self.faults.pop(0) if self.faults else None
        if fault == "not reached":
            raise StoreUnavailableError("away")
        store = self.store_by_region[region]
        before = dict(store.claim_by_key)
        answer = getattr(store, name)(*arguments)
        for key, claim in store.claim_by_key.items():
            if before.get(key) is not claim:
                self._writes += 1
                self._written_at[region, key] = self._writes
        if fault == "answer lost":
            raise StoreUnavailableError("away")
        return answer

    def replicate(self) -> None:
        """Of what regions wrote, the later wins everywhere."""
        for _, key in list(self._written_at):
            latest = max(REGIONS, key=lambda one: self._written_at.get((one, key), 0))
            for region in REGIONS:
                self.store_by_region[region].claim_by_key[key] = self.store_by_region[latest].claim_by_key[
                    key
                ]
                self._written_at[region, key] = self._written_at[latest, key]

    def nodes(self, region: str) -> Any:
        self.asked.append(region)
        if region in self.away:
            raise StoreUnavailableError("away")
        return self.fleet.nodes(region)

    def create(
        self, here: str, key: str | None = None, where: RegionWish = NOWHERE, **wishes: Any
    ) -> Meeting:
        """As a process of a region that has seen nothing yet."""
        with self.in_region(here):
            return self.creating(here).create(ACME, dataclasses.replace(WISHES, **wishes), key, NOW, where)

    def creating(self, here: str) -> Creating:
        store, asks = self._store, _Nodes(self)
        fleet = Fleet(asks, store, RecordingCommands(), REGIONS, lambda: 0.0, is_split=True)  # type: ignore[arg-type]
        tenants = Tenants(MemoryTenants(), lambda: 0.0)
        return Creating(store, fleet, tenants, self.in_region, here, self._chance.randbytes)

    @property
    def made(self) -> list[tuple[str, str]]:
        """Every meeting that there is, with the region whose table has it."""
        stores = self.store_by_region.items()
        return [(region, name) for region, store in stores for name in store.meeting_by_id]


class _Nodes:
    def __init__(self, world: World) -> None:
        self.nodes = world.nodes


@pytest.fixture
def world() -> World:
    return World()


def test_a_region_that_has_room_keeps_its_meeting_and_no_other_is_asked(world: World):
    meeting = world.create(HERE)
    assert world.made == [(HERE, meeting.id)]
    assert meeting.home_region == HERE
    assert world.asked == [HERE]


def test_a_full_region_makes_its_meeting_in_the_nearest_with_room(world: World):
    world.fill(HERE)
    meeting = world.create(HERE)
    assert (meeting.home_region, world.made) == (NEAR, [(NEAR, meeting.id)])
    world.fill(NEAR)
    assert world.create(HERE).home_region == FAR


def test_what_the_client_measured_and_where_it_is_come_before_the_region_that_it_asked(world: World):
    assert world.create(HERE, where=RegionWish(None, {FAR: 20.0, HERE: 90.0})).home_region == FAR
    assert world.create(HERE, where=RegionWish(position=(53.3, -6.3))).home_region == NEAR
    world.fill(FAR)
    assert world.create(HERE, where=RegionWish(None, {FAR: 20.0, HERE: 90.0, NEAR: 40.0})).home_region == NEAR


def test_a_region_that_is_named_is_kept_though_it_is_full(world: World):
    world.fill(FAR)
    assert world.create(HERE, region=FAR).home_region == FAR
    assert not world.asked


def test_where_all_are_full_the_best_is_the_home_and_the_join_will_say_so(world: World):
    for region in REGIONS:
        world.fill(region)
    assert world.create(HERE).home_region == HERE


def test_room_is_looked_for_as_large_as_the_meeting_is_expected_to_become(world: World):
    world.fill(HERE, is_full=False, capacity_units=100)
    world.fill(FAR, is_full=False, capacity_units=10_000)
    assert world.create(HERE, max_participants=500, expected_participants=500).home_region == FAR
    world.fill(FAR)
    assert world.create(HERE, max_participants=500, expected_participants=500).home_region == HERE


def test_nodes_that_drain_or_were_lost_are_no_room(world: World):
    world.fill(HERE, is_full=False, reported_state="draining")
    world.fill(NEAR, is_full=False, reported_at=NOW - timedelta(minutes=1))
    assert world.create(HERE).home_region == FAR


def test_a_meeting_of_another_day_stays_though_it_is_full_today(world: World):
    world.fill(HERE)
    assert world.create(HERE, starts_at=NOW + SOON).home_region == NEAR
    assert world.create(HERE, starts_at=NOW + 2 * SOON).home_region == HERE


def test_a_region_that_does_not_tell_of_its_nodes_is_passed_by(world: World):
    world.fill(HERE)
    world.away = {NEAR}
    creating = world.creating(HERE)
    with world.in_region(HERE):
        for seconds in (0, 9):
            made = creating.create(ACME, WISHES, None, NOW + timedelta(seconds=seconds))
            assert made.home_region == FAR
        assert world.asked.count(NEAR) == 1, "it is not waited for by each"
        world.away = set()
        made = creating.create(ACME, WISHES, None, NOW + PASSED_BY)
    assert made.home_region == NEAR


def test_a_repeat_finds_the_meeting_though_its_region_has_room_again(world: World):
    world.fill(HERE)
    first = world.create(HERE, "k")
    world.fill(HERE, is_full=False)
    assert world.create(HERE, "k") == first
    assert world.made == [(NEAR, first.id)]


def test_the_same_key_with_another_region_is_another_request(world: World):
    first = world.create(HERE, "k", region=FAR)
    for region in (HERE, NEAR, None):
        with pytest.raises(IdempotencyConflictError):
            world.create(HERE, "k", region=region)
    assert world.made == [(FAR, first.id)]


def test_the_home_knows_the_key_before_any_replica_does(world: World):
    world.fill(HERE)
    first = world.create(HERE, "k")
    assert world.create(NEAR, "k") == first
    assert world.made == [(NEAR, first.id)]


def test_a_claim_that_came_too_late_gives_way_to_what_the_home_knows(world: World):
    first = world.create(HERE, "k", region=FAR)
    assert world.create(NEAR, "k", region=FAR) == first
    world.replicate()
    assert {world.create(asking, "k", region=FAR).id for asking in REGIONS} == {first.id}
    assert world.made == [(FAR, first.id)]


def test_what_broke_off_between_both_writes_is_finished_by_the_repeat(world: World):
    world.fill(HERE)
    world.faults = [None, "not reached"]
    with pytest.raises(StoreUnavailableError):
        world.create(HERE, "k")
    assert not world.made
    world.fill(HERE, is_full=False)
    first = world.create(HERE, "k")
    assert world.made == [(NEAR, first.id)]
    assert world.create(HERE, "k") == first


def test_what_broke_off_is_finished_from_another_region_once_its_replica_knows(world: World):
    world.fill(HERE)
    world.faults = [None, "not reached"]
    with pytest.raises(StoreUnavailableError):
        world.create(HERE, "k")
    world.replicate()
    first = world.create(FAR, "k")
    assert world.made == [(NEAR, first.id)]
    assert world.create(HERE, "k") == first


def test_two_regions_that_lead_to_each_other_make_nothing_until_their_replicas_agree(world: World):
    for region, other in ((HERE, FAR), (FAR, HERE)):
        world.faults = [None, "not reached"]
        with pytest.raises(StoreUnavailableError):
            world.create(region, "k", RegionWish(None, {other: 1.0}))
    with pytest.raises(StoreUnavailableError):
        world.create(HERE, "k")
    assert not world.made
    world.replicate()
    first = world.create(HERE, "k")
    assert world.create(FAR, "k") == first
    assert len(world.made) == 1


def test_two_tries_of_one_key_in_two_regions_agree_on_the_later_once_replicas_do(world: World):
    """What is not promised: neither region is the other's home, and neither knows of the other yet."""
    world.create(HERE, "k")
    second = world.create(FAR, "k")
    assert len(world.made) == 2
    world.replicate()
    assert {world.create(region, "k").id for region in REGIONS} == {second.id}
    assert len(world.made) == 2


def test_a_key_is_free_again_when_its_day_is_over(world: World):
    store = world.store_by_region[HERE]
    first = world.create(HERE, "k")
    key = (ACME.tenant, "k")
    store.claim_by_key[key] = dataclasses.replace(store.claim_by_key[key], expires=NOW)
    assert world.create(HERE, "k").id != first.id


TRY = st.tuples(
    st.sampled_from(REGIONS),
    st.frozensets(st.sampled_from(REGIONS)),
    st.lists(st.sampled_from([None, "not reached", "answer lost"]), max_size=5),
)


def answers_of(world: World, tries: Any, *, asked: str | None = None, replicate: bool = False) -> set[str]:
    """What the tries of one key are answered with, where they are; the last one meets no fault."""
    answered: set[str] = set()
    for region, full, faults in [*tries, (HERE, frozenset(), [])]:
        for one in REGIONS:
            world.fill(one, is_full=one in full)
        world.faults = list(faults)
        with suppress(StoreUnavailableError):
            answered.add(world.create(asked or region, "k").id)
        if replicate:
            world.replicate()
    return answered


@given(st.lists(TRY, max_size=6), st.booleans())
@settings(max_examples=500, deadline=None)
def test_one_key_is_one_meeting_whatever_fails(tries: Any, replicate: bool):
    """Asked in one region; or asked in any, where replicas keep up with the tries."""
    world = World()
    answered = answers_of(world, tries, asked=None if replicate else HERE, replicate=replicate)
    assert {name for _, name in world.made} == answered
    assert len(world.made) == 1


@pytest.mark.parametrize("seed", range(60))
def test_tries_at_once_that_crash_anywhere_make_one_meeting(seed: int):
    """Of one region, with room that comes and goes; or of all regions, for one that they all name."""
    world = World(seed, crash_share=0.05)
    chance = random.Random(seed)
    answered: list[str] = []

    def ask(region: str, named: str | None) -> None:
        answered.append(world.create(region, "k", region=named).id)

    is_named = seed % 2 == 0
    for _ in range(6):
        world.fill(HERE, is_full=chance.random() < 0.5)
        asking = chance.choice(REGIONS) if is_named else HERE
        world.workers.add(lambda region=asking: ask(region, NEAR if is_named else None))  # type: ignore[misc]
        world.workers.run_some(chance.randrange(6))
    world.workers.run_all()
    ask(HERE, NEAR if is_named else None)
    assert {name for _, name in world.made} == set(answered)
    assert len(world.made) == 1
