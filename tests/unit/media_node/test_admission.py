"""Who a node lets in: its final word on its own room."""

from __future__ import annotations

import pytest

from media_node.admission import Admission
from media_node.errors import NodeFullError
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
