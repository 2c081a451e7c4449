"""When meetings open and end, and when people count as gone, over stores in memory."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.meeting import (
    ERASED_AFTER,
    OPENS_EARLY,
    UNUSED_LIFETIME,
    Meeting,
    end_of,
    end_reason_at,
)
from chalicelib.domain.participant import Participant, as_seen
from chalicelib.errors import (
    MeetingNotFoundError,
    MeetingNotOpenError,
    PreconditionFailedError,
    StoreUnavailableError,
    ValidationFailedError,
)
from chalicelib.services.join import Admission
from chalicelib.services.moderation import Moderation, Moderator
from chalicelib.services.timekeeper import PERIOD_SECONDS, Timekeeper
from tests.support.builders import NOW, a_meeting
from tests.unit.chalicelib.test_services import ACME, World

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return World()


def keep_time(world: World) -> int:
    return world.timekeeper.run("clock", world.now).ended


def configure(world: World, meeting: Meeting, **fields: Any) -> Meeting:
    moderation = Moderation(world.meetings, world.store, world.fleet)
    return moderation.configure(Moderator(ACME, meeting.id, "r", world.now), fields)


def known(world: World, admission: Admission) -> Participant:
    (found,) = world.store.participants_by_id(admission.meeting.id, {admission.participant.id}).values()
    return found


def test_people_come_in_shortly_before_the_start_and_hosts_at_any_time(world: World):
    world.add_node()
    meeting = world.create(starts_at=NOW + HOUR)
    with pytest.raises(MeetingNotOpenError) as refused:
        world.join(meeting)
    assert refused.value.retry_after_seconds == (HOUR - OPENS_EARLY).total_seconds()
    with pytest.raises(MeetingNotOpenError):
        world.join(meeting, caller=ACME)
    assert world.join(meeting, caller=ACME, role="host").participant.role == "host"
    world.pass_time((HOUR - OPENS_EARLY).total_seconds())
    world.add_node()
    world.join(meeting)


def test_a_meeting_ends_at_its_time_whoever_is_there(world: World):
    node = world.add_node()
    meeting = world.create(ends_at=NOW + 8 * SECOND)
    world.report(node, 2, world.join(meeting))
    world.pass_time(7.9)
    assert keep_time(world) == 0
    world.pass_time(0.1)
    assert keep_time(world) == 1
    assert (world.read(meeting).state, world.read(meeting).end_reason) == ("ended", "scheduled")
    assert world.commands.ended == [(node.command_queue_url, meeting.id)]
    assert keep_time(world) == 0


def test_a_meeting_ends_when_it_was_as_long_as_it_may_be(world: World):
    node = world.add_node()
    meeting = world.create(max_duration=60 * SECOND)
    world.pass_time(30)
    node = world.add_node()
    admission = world.join(meeting)
    for second in range(2, 61, 2):
        world.report(node, second, admission)
        world.pass_time(2)
        assert keep_time(world) == 0 or world.now >= NOW + 90 * SECOND
    assert world.read(meeting).end_reason == "length"


def test_an_empty_meeting_waits_for_its_start(world: World):
    """A host who looks in early and leaves does not end it for the others."""
    node = world.add_node()
    meeting = world.create(starts_at=NOW + HOUR, end_after_empty=60 * SECOND)
    world.report(node, 2, world.join(meeting, caller=ACME, role="host"))
    world.report(node, 3)
    world.pass_time(HOUR.total_seconds() + 59)
    assert keep_time(world) == 0
    world.pass_time(1)
    assert keep_time(world) == 1
    assert world.read(meeting).end_reason == "empty"


def test_a_link_for_next_year_is_kept_until_then(world: World):
    later = NOW + timedelta(days=365)
    assert end_of(a_meeting(starts_at=later)) == (later + UNUSED_LIFETIME, "overdue")


@pytest.mark.parametrize(("starts", "ends"), [(None, -1), (None, 0), (60, 60), (60, 59)])
def test_a_meeting_that_would_end_before_it_starts_is_refused(world: World, starts: int | None, ends: int):
    starts_at = NOW + starts * SECOND if starts is not None else None
    with pytest.raises(ValidationFailedError):
        world.create(starts_at=starts_at, ends_at=NOW + ends * SECOND)
    meeting = world.create(starts_at=starts_at)
    with pytest.raises(ValidationFailedError):
        configure(world, meeting, ends_at=NOW + ends * SECOND)


def test_an_end_can_be_moved_and_taken_away(world: World):
    meeting = world.create(ends_at=NOW + 10 * SECOND)
    configure(world, meeting, ends_at=NOW + HOUR)
    world.pass_time(11)
    assert keep_time(world) == 0
    configure(world, meeting, ends_at=None)
    world.pass_time(HOUR.total_seconds())
    assert keep_time(world) == 0
    configure(world, meeting, ends_at=world.now + SECOND)
    world.pass_time(1)
    assert keep_time(world) == 1


def test_people_of_a_killed_node_have_left_within_fifteen_seconds(world: World):
    node = world.add_node()
    meeting = world.create()
    ann, bob = world.join(meeting), world.join(meeting)
    world.pass_time(2)
    world.report(node, 2, ann, bob)
    seen = world.now
    gone_after = 0.0
    while known(world, ann).state == "joined":
        world.pass_time(PERIOD_SECONDS)
        gone_after += PERIOD_SECONDS
        assert gone_after <= 15
        keep_time(world)
    # The worst case: a pass just before the node counts as lost.
    assert (known(world, bob).state, known(world, bob).left_at) == ("left", seen)
    assert (world.read(meeting).present, world.read(meeting).empty_since) == (0, seen)
    assert world.timekeeper.run("again", world.now).nodes_cleared == 0


def test_a_meeting_on_a_lost_node_counts_as_empty_from_its_last_report(world: World):
    node = world.add_node()
    meeting = world.create(end_after_empty=30 * SECOND)
    world.report(node, 2, world.join(meeting))
    world.pass_time(29)
    assert keep_time(world) == 0
    world.pass_time(1)
    assert keep_time(world) == 1


def test_a_node_that_was_only_silent_brings_its_people_back(world: World):
    node = world.add_node()
    meeting = world.create()
    ann = world.join(meeting)
    world.report(node, 2, ann)
    world.pass_time(12)
    keep_time(world)
    assert known(world, ann).state == "left"
    world.pass_time(2)
    world.report(node, 3, ann)
    assert (known(world, ann).state, world.read(meeting).present) == ("joined", 1)
    assert known(world, ann).attended == timedelta(0)
    world.pass_time(5)
    world.report(node, 4)
    # The silence is not counted: nobody knows of it.
    assert known(world, ann).attended == 5 * SECOND
    assert world.read(meeting).attended == 5 * SECOND


def test_who_followed_the_meeting_to_another_node_is_no_ghost_and_who_did_not_is_one(world: World):
    dying = world.add_node()
    meeting = world.create()
    ann, bob = world.join(meeting), world.join(meeting)
    world.report(dying, 2, ann, bob)
    world.pass_time(10.5)
    fresh = world.add_node()
    moved = world.join(meeting, resume_token=None)
    assert moved.node.id == fresh.id
    assert world.read(meeting).present == 0
    world.report(fresh, 2, ann, moved, epoch=2)
    keep_time(world)
    assert [known(world, one).state for one in (ann, moved, bob)] == ["joined", "joined", "left"]
    assert world.read(meeting).present == 2


def test_a_pass_that_fails_is_not_the_last_one():
    world, seconds = World(), [0.0]
    paused: list[float] = []

    class Shaky(Timekeeper):
        def run(self, request_id: str, now: Any) -> Any:
            if len(paused) == 1:
                raise StoreUnavailableError("away")
            return super().run(request_id, now)

    def pause(length: float) -> None:
        paused.append(length)
        seconds[0] += length

    world.create(ends_at=NOW + SECOND)
    keeper = Shaky(world.meetings, world.store, world.fleet_store, world.presence, "local")
    clock = lambda: NOW + timedelta(seconds=seconds[0])  # noqa: E731
    assert keeper.run_for(20, "r", clock, lambda: seconds[0], pause).ended == 1
    assert paused == [PERIOD_SECONDS] * 5


@given(
    st.sampled_from(["created", "live"]),
    st.none() | st.integers(-500, 500),
    st.none() | st.integers(-500, 500),
    st.integers(60, 600),
    st.integers(0, 3),
    st.integers(0, 900),
)
def test_a_meeting_ends_at_its_end_and_at_no_moment_before(
    state: Any, starts: int | None, ends: int | None, longest: int, present: int, empty: int
):
    meeting = a_meeting(
        state=state,
        starts_at=NOW + starts * SECOND if starts is not None else None,
        ends_at=NOW + ends * SECOND if ends is not None else None,
        max_duration=longest * SECOND,
        present=present,
        live_since=NOW if state == "live" else None,
        empty_since=NOW + empty * SECOND if present == 0 else None,
    )
    end = end_of(meeting)
    assert end is not None
    assert end_reason_at(meeting, end[0]) == end[1]
    assert end_reason_at(meeting, end[0] - timedelta(microseconds=1)) is None
    assert end_of(dataclasses.replace(meeting, state="ended")) is None


def test_time_together_is_the_time_of_each(world: World):
    node = world.add_node()
    meeting = world.create()
    ann, bob = world.join(meeting), world.join(meeting)
    world.report(node, 2, ann)
    world.pass_time(7)
    world.report(node, 3, ann, bob)
    world.pass_time(3)
    world.report(node, 4, bob)
    world.pass_time(4)
    world.meetings.end(ACME, meeting.id, "r", world.now)
    ended = world.read(meeting)
    assert ended.attended == 17 * SECOND
    people = [as_seen(one, ended, world.now) for one in world.store.participants(meeting.id)]
    assert sorted(one.attended for one in people) == [7 * SECOND, 10 * SECOND]


def test_a_deleted_meeting_ends_is_in_no_list_and_is_erased_two_days_later(world: World):
    world.add_node()
    kept, meeting = world.create(title="Kept"), world.create(title="Secret", metadata={"room": "1"})
    world.join(meeting)
    world.meetings.delete(ACME, meeting.id, "r", world.now, lambda current: None)
    for name in (meeting.id, meeting.code):
        with pytest.raises(MeetingNotFoundError):
            world.meetings.find(ACME, name, "see_meeting")
    assert [one.id for one in world.meetings.page(ACME, None, 10, None)[0]] == [kept.id]
    assert [ended for _, ended in world.commands.ended] == [meeting.id]
    left = world.store.by_id(meeting.id)
    assert left is not None
    assert (left.state, left.title, left.metadata) == ("ended", None, {})
    assert world.store.events(meeting.id, 0, 100)[-1].type == "meeting.deleted"
    world.pass_time((ERASED_AFTER - SECOND).total_seconds())
    keep_time(world)
    assert world.store.by_id(meeting.id) is not None, "webhooks may still be told"
    world.pass_time(1)
    keep_time(world)
    assert world.store.by_id(meeting.id) is None
    assert world.store.events(meeting.id, 0, 100) == []
    assert world.store.participants(meeting.id) == []
    assert keep_time(world) == 0


def test_what_changed_since_it_was_read_is_not_deleted(world: World):
    meeting = world.create()

    def refuse(current: Meeting) -> None:
        raise PreconditionFailedError("It changed since you read it.")

    with pytest.raises(PreconditionFailedError):
        world.meetings.delete(ACME, meeting.id, "r", world.now, refuse)
    assert world.meetings.find(ACME, meeting.id, "see_meeting").deleted_at is None
