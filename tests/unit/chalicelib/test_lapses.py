"""Who has a token and never comes has left once it ran out; what was held for its coming is free again."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.awaited import LAPSES_AFTER, MOST_AT_ONCE, TOKEN_LIFETIME, lapse
from chalicelib.domain.decisions import admit, note_presence
from chalicelib.domain.events import Change, replay
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.moderation import leave, remove
from chalicelib.domain.participant import Participant
from chalicelib.domain.presence import PresenceChange
from chalicelib.domain.tenant import TenantLimits
from chalicelib.services.join import Admission
from tests.support.builders import NOW, a_meeting, a_participant
from tests.unit.chalicelib.test_services import ACME, World

AFTER = LAPSES_AFTER.total_seconds()


@pytest.fixture
def world() -> World:
    return World()


def state_of(world: World, admission: Admission) -> str:
    (found,) = world.store.participants_by_id(admission.meeting.id, {admission.participant.id}).values()
    return found.state


def keep_time(world: World) -> int:
    return world.timekeeper.run("clock", world.now).lapsed


def test_who_never_comes_is_joining_while_the_token_is_good_and_then_has_left(world: World):
    world.add_node()
    ann = world.join(world.create())
    world.pass_time(TOKEN_LIFETIME.total_seconds() + 59)
    assert (keep_time(world), state_of(world, ann)) == (0, "joining")
    world.pass_time(1)
    assert (keep_time(world), state_of(world, ann)) == (1, "left")
    assert world.store.events(ann.meeting.id, 0, 100)[-2].type == "participant.left"
    assert keep_time(world) == 0


def test_a_place_that_nobody_came_to_is_given_back_and_taken_again_by_who_comes(world: World):
    # Tokens are checked by the machine's clock.
    world.now = datetime.now(UTC) - LAPSES_AFTER
    node = world.add_node()
    meeting = world.create()
    ann = world.join(meeting)
    held = world.reserved(node)
    assert held > 0
    world.pass_time(AFTER)
    keep_time(world)
    assert (world.reserved(node), world.store.held_units(node.id)) == (0, 0)
    world.add_node(id=node.id, sequence=2)
    again = world.join(meeting, resume_token=ann.resume_token)
    assert again.participant.id == ann.participant.id
    assert (state_of(world, ann), world.reserved(node)) == ("joining", held)
    assert world.read(meeting).epoch == 1


def test_a_tenants_live_meeting_that_nobody_came_to_counts_no_more(world: World):
    world.tenants.set_limits(ACME.tenant, TenantLimits(1, None))
    world.add_node()
    meeting = world.create()
    world.join(meeting)
    assert world.store.tenants.live_meetings(ACME.tenant, ["local"]) == 1
    world.pass_time(AFTER)
    keep_time(world)
    assert world.store.tenants.live_meetings(ACME.tenant, ["local"]) == 0
    world.add_node()
    world.join(meeting)
    assert world.store.tenants.live_meetings(ACME.tenant, ["local"]) == 1


def test_a_report_that_comes_later_still_shows_that_somebody_came(world: World):
    node = world.add_node()
    ann = world.join(world.create())
    world.pass_time(AFTER)
    keep_time(world)
    assert world.report(node, 2, ann)
    assert (state_of(world, ann), world.read(ann.meeting).state) == ("joined", "live")


def test_who_came_in_time_costs_no_event_of_its_own(world: World):
    node = world.add_node()
    ann = world.join(world.create())
    world.report(node, 2, ann)
    before = world.read(ann.meeting).events
    assert world.read(ann.meeting).lapses_at is None
    world.pass_time(AFTER)
    world.report(node, 3, ann)
    assert (keep_time(world), world.read(ann.meeting).events) == (0, before)


def test_each_has_the_time_of_its_own_token(world: World):
    node = world.add_node()
    meeting = world.create()
    ann = world.join(meeting)
    world.report(node, 2, ann)
    bob = world.join(meeting)
    world.pass_time(200)
    world.add_node(id=node.id, sequence=3)
    cem = world.join(meeting)
    world.report(node, 4, ann)
    world.pass_time(AFTER - 200)
    world.report(node, 5, ann)
    assert keep_time(world) == 1
    assert [state_of(world, one) for one in (ann, bob, cem)] == ["joined", "left", "joining"]
    world.pass_time(200)
    world.report(node, 6, ann)
    assert keep_time(world) == 1
    assert [state_of(world, one) for one in (ann, bob, cem)] == ["joined", "left", "left"]


def test_a_crowd_that_does_not_come_leaves_in_several_writes():
    meeting = a_meeting()
    people: list[Participant] = []
    for _ in range(MOST_AT_ONCE + 3):
        change = admit(meeting, a_participant(meeting, asked_at=NOW), None)
        meeting = change.after
        people += change.participant_by_id.values()
    first, complete = lapse(meeting, people, NOW + LAPSES_AFTER)
    assert (len(first.participant_by_id), complete, first.after.lapses_at) == (
        MOST_AT_ONCE, False, meeting.lapses_at,
    )  # fmt: skip
    left = [first.participant_by_id.get(one.id, one) for one in people]
    second, complete = lapse(first.after, left, NOW + LAPSES_AFTER)
    assert (len(second.participant_by_id), complete) == (3, True)
    assert (second.after.joining, second.after.lapses_at) == (0, None)


class Crowd:
    """People who ask, come, go and are put out, in any order; each change is written as it is made."""

    def __init__(self) -> None:
        self.now = NOW
        self.people: dict[Any, Participant] = {}
        made = Change.creation(a_meeting())
        self.meeting: Meeting = made.after
        self.log = list(made.events)

    def take(self, step: str, number: int) -> None:
        one = list(self.people.values())[number % len(self.people)] if self.people else None
        if step == "ask" or one is None:
            newcomer = a_participant(self.meeting, asked_at=self.now)
            self.write(admit(self.meeting, newcomer, None))
        elif step == "ask again" and one.state not in ("removed", "denied"):
            self.write(admit(self.meeting, dataclasses.replace(one, asked_at=self.now), one))
        elif step in ("come", "go"):
            ids = frozenset({one.id})
            came, went = (ids, frozenset()) if step == "come" else (frozenset(), ids)
            seen = PresenceChange(self.meeting.id, 1, 1, came, went)
            self.write(note_presence(self.meeting, self.people, seen, self.now)[0])
        elif step == "remove":
            self.write(remove(self.meeting, one, self.now, ban=False))
        elif step == "leave":
            self.write(leave(self.meeting, one, self.now))
        elif step == "wait":
            self.now += timedelta(seconds=40 * number)
            if self.meeting.lapses_at is not None and self.meeting.lapses_at <= self.now:
                self.write(lapse(self.meeting, self.people.values(), self.now)[0])

    def write(self, change: Change) -> None:
        self.meeting = change.after
        self.people.update(change.participant_by_id)
        self.log += change.events


WHATEVER = st.tuples(
    st.sampled_from(["ask", "ask again", "come", "go", "remove", "leave", "wait"]), st.integers(0, 9)
)


@given(st.lists(WHATEVER, max_size=40))
def test_whatever_happens_the_meeting_knows_how_many_it_waits_for_and_nobody_joins_for_good(steps: Any):
    crowd = Crowd()
    for step, number in steps:
        crowd.take(step, number)
        joining = [one for one in crowd.people.values() if one.state == "joining"]
        assert crowd.meeting.joining == len(joining)
        assert (crowd.meeting.lapses_at is None) == (not joining)
        assert all(one.asked_at + LAPSES_AFTER >= (crowd.meeting.lapses_at or NOW) for one in joining)
    for _ in range(3):
        crowd.take("wait", 10)
    assert not [one for one in crowd.people.values() if one.state == "joining"]
    known = replay(crowd.log)
    assert (known.meeting, known.participant_by_id) == (crowd.meeting, crowd.people)
