"""Rules of meetings, placement, presence and permissions."""

from __future__ import annotations

import dataclasses
import os
import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.egress import egress_units
from chalicelib.domain.identifiers import (
    MeetingId,
    ParticipantId,
    is_code,
    is_id,
    new_code,
    new_id,
)
from chalicelib.domain.meeting import LONGEST_LIFE, UNUSED_LIFETIME, Placement, end_reason_at
from chalicelib.domain.participant import grants_of
from chalicelib.domain.placement import (
    LOST_AFTER,
    SPARE_PEOPLE,
    Node,
    choose_node,
    choose_standby,
    correction_of,
    units_wanted,
)
from chalicelib.domain.presence import KnownPresence, MeetingPresence, changes_between, digest
from chalicelib.domain.regions import RegionWish, in_order
from tests.support.builders import NOW, a_meeting, a_node


def test_ids_and_codes_are_recognised():
    assert is_id(new_id("mtg", os.urandom), "mtg")
    assert not is_id(new_id("mtg", os.urandom), "par")
    assert all(is_code(new_code(os.urandom)) for _ in range(50))


@pytest.mark.parametrize(
    "text", ["", "mtg_", "mtg_" + "a" * 25, "mtg_" + "1" * 26, "mtg_" + "A" * 26, "abc-defg-hi"]
)
def test_other_texts_are_neither_id_nor_code(text: str):
    assert not is_id(text, "mtg")
    assert not is_code(text)


def test_letters_of_codes_are_equally_likely():
    generator = random.Random(7)
    letters = "".join(new_code(generator.randbytes).replace("-", "") for _ in range(5000))
    counts = [letters.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"]
    assert max(counts) < 1.15 * min(counts)


def test_an_empty_meeting_ends_after_its_time_and_not_before():
    meeting = a_meeting(state="live", empty_since=NOW, end_after_empty=timedelta(seconds=60))
    assert end_reason_at(meeting, NOW + timedelta(seconds=59)) is None
    assert end_reason_at(meeting, NOW + timedelta(seconds=60)) == "empty"


def test_a_meeting_with_people_ends_only_when_it_was_as_long_as_it_may_be():
    meeting = a_meeting(state="live", present=2, live_since=NOW, empty_since=None)
    assert end_reason_at(meeting, NOW + LONGEST_LIFE - timedelta(seconds=1)) is None
    assert end_reason_at(meeting, NOW + LONGEST_LIFE) == "length"
    short = dataclasses.replace(meeting, max_duration=timedelta(minutes=40))
    assert end_reason_at(short, NOW + timedelta(minutes=40)) == "length"


def test_a_meeting_that_nobody_used_is_forgotten_in_the_end():
    assert end_reason_at(a_meeting(), NOW + UNUSED_LIFETIME - timedelta(seconds=1)) is None
    assert end_reason_at(a_meeting(), NOW + UNUSED_LIFETIME) == "overdue"


def test_an_ended_meeting_does_not_end_again():
    assert end_reason_at(a_meeting(state="ended"), NOW + UNUSED_LIFETIME) is None


def choose(*nodes: Node, units: int = 1, seed: int = 1) -> Node | None:
    return choose_node(nodes, units, NOW, random.Random(seed).randrange)


def test_lost_draining_and_full_nodes_are_not_chosen():
    lost = a_node(reported_at=NOW - LOST_AFTER - timedelta(milliseconds=1))
    draining = a_node(reported_state="draining")
    full = a_node(reserved_units=100)
    busy = a_node(used_units=100)
    assert choose(lost, draining, full, busy) is None
    only = a_node()
    assert all(choose(lost, draining, full, busy, only, seed=seed) == only for seed in range(20))


def test_the_emptier_of_two_is_chosen():
    empty, half = a_node(), a_node(reserved_units=50)
    assert all(choose(empty, half, seed=seed) == empty for seed in range(20))


def test_load_stays_even_over_many_choices():
    generator = random.Random(3)
    held = {f"n{index}": 0 for index in range(50)}
    for _ in range(1000):
        nodes = [a_node(id=name, reserved_units=units, capacity_units=500) for name, units in held.items()]
        chosen = choose_node(nodes, 4, NOW, generator.randrange)
        assert chosen is not None
        held[chosen.id] += 4
    assert max(held.values()) <= 1.2 * sum(held.values()) / len(held)


@given(st.integers(0, 300), st.integers(2, 300), st.integers(0, 400), st.sampled_from(["audio", "video"]))
def test_units_wanted_never_shrink_and_leave_room_for_the_next(
    present: int, most: int, held: int, media: Any
):
    placement = Placement(a_node().id, "u", "local", held) if held else None
    meeting = a_meeting(present=present, max_participants=most, placement=placement, media=media)
    wanted = units_wanted(meeting)
    assert wanted >= held
    assert wanted >= egress_units(min(present + 1 + SPARE_PEOPLE, most), media)
    assert wanted <= max(held, egress_units(max(most, present + 1), media))


@given(st.integers(1, 1000), st.sampled_from(["audio", "video"]))
def test_more_people_need_more_and_a_crowd_no_more_each_than_a_full_grid(people: int, media: Any):
    assert 1 <= egress_units(people, media) <= egress_units(people + 1, media)
    assert egress_units(people, "audio") <= egress_units(people, "video")
    assert egress_units(1000, media) <= 1000 / 11 * egress_units(11, media)


def test_a_meeting_that_is_expected_to_be_large_holds_its_room_at_once():
    quiet = a_meeting(max_participants=1000)
    crowd = a_meeting(max_participants=1000, expected_participants=1000)
    assert units_wanted(quiet) == egress_units(4, "video")
    assert units_wanted(crowd) == egress_units(1000, "video")


def test_the_last_tenth_of_a_node_is_for_the_meetings_that_it_has():
    node = a_node(capacity_units=100, reserved_units=85)
    assert choose(node, units=5) == node
    assert choose(node, units=6) is None


def test_of_a_large_fleet_a_few_nodes_are_looked_at():
    asked: list[int] = []
    generator = random.Random(5)

    def index(count: int) -> int:
        asked.append(count)
        return generator.randrange(count)

    nodes = [a_node() for _ in range(500)]
    assert choose_node(nodes, 1, NOW, index) is not None
    assert len(asked) <= 4
    full = [a_node(reserved_units=100) for _ in range(499)]
    only = a_node()
    assert choose_node([*full, only], 1, NOW, index) == only


def test_the_standby_is_another_node_and_in_another_zone_where_there_is_one():
    first, same, other = a_node(zone="a"), a_node(zone="a"), a_node(zone="b")
    lost = a_node(zone="b", reported_at=NOW - LOST_AFTER - timedelta(seconds=1))

    def standby(*nodes: Node) -> Node | None:
        return choose_standby(nodes, first, NOW, random.Random(1).randrange)

    assert standby(first, same, other, lost) == other
    assert standby(first, same, lost) == same
    assert standby(first, lost) is None


def test_regions_follow_the_wish_then_what_was_measured_then_the_address_then_home():
    regions = ["us-east-1", "eu-central-1", "ap-southeast-2"]

    def order(**known: Any) -> list[str]:
        return in_order(RegionWish(**known), "us-east-1", regions)

    assert order() == ["us-east-1", "eu-central-1", "ap-southeast-2"]
    sydney = (-33.9, 151.2)
    assert order(position=sydney)[0] == "ap-southeast-2"
    assert order(position=sydney, round_trips={"eu-central-1": 20.0, "us-east-1": 90.0}) == [
        "eu-central-1",
        "us-east-1",
        "ap-southeast-2",
    ]
    assert order(region="us-east-1", round_trips={"eu-central-1": 20.0})[0] == "us-east-1"
    assert order(region="mars")[0] == "us-east-1"


@given(st.lists(st.integers(-50, 50), max_size=6))
def test_what_is_set_aside_is_corrected_by_what_all_checks_have_found(surplus: list[int]):
    found = correction_of(tuple(surplus[-3:]), 3)
    last = surplus[-3:]
    if found:
        assert len(last) == 3
        assert all(abs(found) <= abs(one) and (one > 0) == (found < 0) for one in last)
    elif len(last) == 3:
        assert min(last) <= 0 <= max(last)


def test_presence_tells_who_came_and_who_went():
    one, two = MeetingId("mtg_1"), MeetingId("mtg_2")
    ann, bob, cy = ParticipantId("par_a"), ParticipantId("par_b"), ParticipantId("par_c")
    before = {one: MeetingPresence(3, frozenset({ann, bob}))}
    after = {one: MeetingPresence(3, frozenset({bob, cy})), two: MeetingPresence(1, frozenset({ann}))}
    first, second = changes_between(KnownPresence(before), after)
    assert (first.meeting, first.epoch, first.present, first.came, first.went) == (
        one,
        3,
        2,
        frozenset({cy}),
        frozenset({ann}),
    )
    assert (second.meeting, second.came, second.went) == (two, frozenset({ann}), frozenset())
    (gone,) = changes_between(KnownPresence(before), {})
    assert (gone.epoch, gone.present, gone.went) == (3, 0, frozenset({ann, bob}))
    assert changes_between(KnownPresence(after), after) == []


def test_the_digest_does_not_depend_on_order():
    first, second = MeetingPresence(1, frozenset({ParticipantId("a")})), MeetingPresence(2, frozenset())
    one, two = MeetingId("1"), MeetingId("2")
    assert digest({one: first, two: second}) == digest({two: second, one: first})
    assert digest({one: first}) != digest({one: second})


def test_viewers_publish_nothing_and_hosts_moderate():
    assert grants_of("viewer") == {"publish": [], "subscribe": True, "moderate": False}
    assert grants_of("host")["moderate"] is True
    assert grants_of("participant")["moderate"] is False
