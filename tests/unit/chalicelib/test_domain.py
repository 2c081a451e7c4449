"""Rules of meetings, placement, presence and permissions."""

from __future__ import annotations

import dataclasses
import os
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from chalicelib.domain.placement import LOST_AFTER, SPARE_UNITS, Node, choose_node, units_wanted
from chalicelib.domain.presence import MeetingPresence, changes_between, digest
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


@given(st.integers(0, 300), st.integers(2, 300), st.integers(0, 400))
def test_units_wanted_never_shrink_and_leave_room_for_the_next(present: int, most: int, held: int):
    placement = Placement(a_node().id, "u", "local", held) if held else None
    meeting = a_meeting(present=present, max_participants=most, placement=placement)
    wanted = units_wanted(meeting)
    assert wanted >= held
    assert wanted >= min(present + 1, most)
    assert wanted >= min(present + 1 + SPARE_UNITS, most)


def test_presence_tells_who_came_and_who_went():
    one, two = MeetingId("mtg_1"), MeetingId("mtg_2")
    ann, bob, cy = ParticipantId("par_a"), ParticipantId("par_b"), ParticipantId("par_c")
    before = {one: MeetingPresence(3, frozenset({ann, bob}))}
    after = {one: MeetingPresence(3, frozenset({bob, cy})), two: MeetingPresence(1, frozenset({ann}))}
    first, second = changes_between(before, after)
    assert (first.meeting, first.epoch, first.present, first.came, first.went) == (
        one,
        3,
        2,
        frozenset({cy}),
        frozenset({ann}),
    )
    assert (second.meeting, second.came, second.went) == (two, frozenset({ann}), frozenset())
    (gone,) = changes_between(before, {})
    assert (gone.epoch, gone.present, gone.went) == (3, 0, frozenset({ann, bob}))
    assert changes_between(after, after) == []


def test_the_digest_does_not_depend_on_order():
    first, second = MeetingPresence(1, frozenset({ParticipantId("a")})), MeetingPresence(2, frozenset())
    one, two = MeetingId("1"), MeetingId("2")
    assert digest({one: first, two: second}) == digest({two: second, one: first})
    assert digest({one: first}) != digest({one: second})


def test_viewers_publish_nothing_and_hosts_moderate():
    assert grants_of("viewer") == {"publish": [], "subscribe": True, "moderate": False}
    assert grants_of("host")["moderate"] is True
    assert grants_of("participant")["moderate"] is False
