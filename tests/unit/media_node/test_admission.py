"""Who a node lets in: its final word on its own room."""

from __future__ import annotations

import pytest

from media_node.admission import Admission
from media_node.errors import NodeFullError
from media_node.meetings.meeting import Meeting
from media_node.quantities import Instant, MeetingId
from media_node.tokens import Claims

ANN = Claims(
    participant="par_ann",
    meeting="mtg_one",
    role="participant",
    display_name="Ann",
    publish=frozenset(),
    may_subscribe=True,
    may_moderate=False,
    epoch=1,
    max_participants=None,
    token_id="one",
)


def test_a_node_is_full_when_it_sends_as_much_as_it_may():
    admission = Admission(100, egress_bps=99_000_000)
    admission.check(ANN, None, is_new=True, participants=5)
    admission.egress_bps = 99_000_001
    with pytest.raises(NodeFullError):
        admission.check(ANN, None, is_new=True, participants=5)
    assert admission.refused == 1
    # Who is here already keeps its place.
    admission.check(ANN, None, is_new=False, participants=5)


def test_people_who_have_just_come_count_before_anything_is_sent_to_them():
    admission = Admission(10)
    admission.check(ANN, None, is_new=True, participants=72)
    with pytest.raises(NodeFullError):
        admission.check(ANN, None, is_new=True, participants=73)


def test_a_draining_node_keeps_its_meetings_until_the_deadline_and_takes_no_new_ones():
    admission = Admission(10)
    here = Meeting(MeetingId("mtg_one"), 1, str)
    assert admission.state(1) == "ready"
    admission.drain(Instant(100.0))
    assert (admission.state(1), admission.state(0)) == ("draining", "drained")
    admission.check(ANN, here, is_new=True, participants=1)
    with pytest.raises(NodeFullError):
        admission.check(ANN, None, is_new=True, participants=1)
    assert [admission.is_overdue(Instant(at)) for at in (99.9, 100.0)] == [False, True]
    admission.is_closing = True
    assert admission.state(1) == "drained"
    with pytest.raises(NodeFullError):
        admission.check(ANN, here, is_new=True, participants=1)
    admission.undrain()
    assert admission.state(1) == "ready"
    admission.check(ANN, None, is_new=True, participants=1)


def test_without_a_deadline_meetings_go_on_as_long_as_they_like():
    admission = Admission(10)
    admission.drain(None)
    assert not admission.is_overdue(Instant(1e9))


def test_a_drain_with_a_deadline_says_how_long_is_left():
    admission = Admission(10)
    assert admission.drain_seconds(Instant(5.0)) is None
    admission.drain(None)
    assert admission.drain_seconds(Instant(5.0)) is None
    admission.drain(Instant(65.0))
    assert admission.drain_seconds(Instant(5.0)) == 60.0
    assert admission.drain_seconds(Instant(70.0)) == 0.0
    admission.undrain()
    assert admission.drain_seconds(Instant(5.0)) is None
