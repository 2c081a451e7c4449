"""What tenants used, from nodes' reports to the sums of a day, over stores in memory."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.events import Entry, replay
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.placement import Node
from chalicelib.domain.presence import EGRESS_STEP
from chalicelib.domain.usage import Carried, Used, bytes_of, merged
from chalicelib.errors import ValidationFailedError
from chalicelib.services.join import Admission
from chalicelib.services.usage import MOST_DAYS, Usage
from tests.support.builders import NOW
from tests.support.memory_stores import MemoryUsage
from tests.unit.chalicelib.test_services import ACME, World, a_report

DAY = timedelta(days=1)
TODAY = NOW.date()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def usage(world: World) -> Usage:
    return Usage(MemoryUsage(), world.store.tenants, world.store, "local", ["local"])


def report(world: World, node: Node, sequence: int, **lists: list[dict[str, Any]]) -> None:
    body = a_report(node, sequence=sequence, **lists)
    world.reports.take(json.dumps(body), int(world.now.timestamp() * 1000), "request")


def here(meeting: Meeting, egress: int, *there: Admission, session: int = 1) -> dict[str, Any]:
    people = [one.participant.id for one in there]
    return {
        "id": meeting.id, "epoch": 1, "participants": people, "session": session, "egressBytes": egress
    }  # fmt: skip


def over(meeting: Meeting, egress: int, session: int = 1) -> dict[str, Any]:
    return {"id": meeting.id, "epoch": 1, "session": session, "egressBytes": egress}


def count_log(world: World, usage: Usage, meeting: Meeting) -> None:
    usage.note([Entry(ACME.tenant, event) for event in world.store.events(meeting.id, 0, 100)])


sessions = st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=4), min_size=1, max_size=4)


@given(sessions, st.randoms(use_true_random=False), st.integers(1, 3))
def test_reports_that_come_twice_late_or_never_count_what_the_last_of_each_stay_says(
    steps: list[list[int]], chance: Any, copies: int
):
    told: list[Carried] = []
    for number, amounts in enumerate(steps, 1):
        stay = [Carried("boot", number, sum(amounts[: end + 1])) for end in range(len(amounts))]
        # Those of one stay in any order, some twice, some not at all, but the last.
        kept = [one for one in stay[:-1] if chance.random() < 0.7] * copies + [stay[-1]]
        chance.shuffle(kept)
        told += kept
    known: tuple[Carried, ...] = ()
    for one in told:
        known = merged(known, one)
    assert bytes_of(known) == sum(map(sum, steps))
    assert merged(known, told[-1]) == known
    assert merged(known, Carried("boot", 0, 10**6)) == known
    assert bytes_of(merged(known, Carried("other", 1, 5))) == bytes_of(known) + 5


def test_a_meetings_bytes_come_with_its_people_and_its_end(world: World, usage: Usage):
    node, meeting = world.add_node(), world.create()
    ann = world.join(meeting)
    report(world, node, 2, meetings=[here(meeting, 0, ann)])
    world.pass_time(6)
    bob = world.join(meeting)
    report(world, node, 3, meetings=[here(meeting, 500, ann, bob)])
    assert world.read(meeting).egress_bytes == 500
    written = world.read(meeting).events
    # Nobody comes or goes, and it is not much: nothing is written.
    report(world, node, 4, meetings=[here(meeting, 600, ann, bob)])
    assert world.read(meeting).events == written
    report(world, node, 5, meetings=[here(meeting, EGRESS_STEP, ann, bob)])
    assert world.read(meeting).egress_bytes == EGRESS_STEP
    world.pass_time(6)
    world.meetings.end(ACME, meeting.id, "request", world.now)
    count_log(world, usage, meeting)
    total = usage.read(ACME, TODAY, TODAY, TODAY).total
    assert total == Used(1, timedelta(seconds=12), timedelta(seconds=18), EGRESS_STEP)
    # The node's last word comes after the end, several times.
    for sequence in (6, 7):
        report(world, node, sequence, over=[over(meeting, EGRESS_STEP + 9)])
        count_log(world, usage, meeting)
    assert usage.read(ACME, TODAY, TODAY, TODAY).total.egress_bytes == EGRESS_STEP + 9
    assert world.read(meeting).state == "ended"
    # Not told of any more: nothing happens.
    written = world.read(meeting).events
    report(world, node, 8)
    assert world.read(meeting).events == written
    assert replay(world.store.events(meeting.id, 0, 100)).meeting == world.read(meeting)
    assert "carried" not in world.store.events(meeting.id, written - 1, 1)[0].shown()["meeting"]


def test_a_meeting_to_which_nobody_came_used_nothing(world: World, usage: Usage):
    meeting = world.create()
    world.meetings.end(ACME, meeting.id, "request", world.now)
    count_log(world, usage, meeting)
    assert usage.read(ACME, None, None, TODAY).total == Used()


def test_a_meeting_that_goes_on_is_not_counted_yet(world: World, usage: Usage):
    node, meeting = world.add_node(), world.create()
    report(world, node, 2, meetings=[here(meeting, 70, world.join(meeting))])
    count_log(world, usage, meeting)
    assert usage.read(ACME, None, None, TODAY).total == Used()


def test_a_period_has_all_its_days_and_is_at_most_a_year(usage: Usage):
    shown = usage.read(ACME, None, None, TODAY).days
    assert (len(shown), shown[0].day, shown[-1].day) == (30, TODAY - 29 * DAY, TODAY)
    assert len(usage.read(ACME, TODAY - 365 * DAY, TODAY, TODAY).days) == MOST_DAYS
    for first, last in ((TODAY, TODAY - DAY), (TODAY - 366 * DAY, TODAY)):
        with pytest.raises(ValidationFailedError):
            usage.read(ACME, first, last, TODAY)


@pytest.mark.parametrize(
    "change",
    [
        {"over": {}},
        {"over": [1]},
        {"over": [{"id": "mtg_x", "epoch": -1, "session": 1, "egressBytes": 1}]},
        {"over": [{"id": "mtg_x", "epoch": 1, "session": 1}]},
        {"meetings": [{"id": "mtg_x", "epoch": 1, "participants": [], "session": True}]},
    ],
)
def test_a_report_with_a_broken_account_is_refused(world: World, change: dict[str, Any]):
    with pytest.raises(ValidationFailedError):
        report(world, world.add_node(), 2, **change)
