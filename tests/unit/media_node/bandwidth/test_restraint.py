"""Steps up that had to be given back."""

from __future__ import annotations

from math import inf

from media_node.bandwidth.restraint import (
    MAX_WAIT_SECONDS,
    PROVEN_SECONDS,
    RELIEF,
    WAIT_SECONDS,
    Restraint,
)
from media_node.quantities import Instant

USED, STEADY = 1_000_000.0, 1_300_000.0


def fall(restraint: Restraint, now: float, held_for: float = 1.0) -> float:
    """Take a step up and give it back; returns how long its sum is not to be reached again."""
    restraint.handle_raise(Instant(now - held_for))
    restraint.handle_fall(Instant(now), USED)
    return restraint.until - now if restraint.until is not None else 0.0


def test_what_was_given_back_is_tried_again_later_and_later():
    restraint, now = Restraint(), 100.0
    waits = []
    for _ in range(5):
        waits.append(fall(restraint, now))
        now += waits[-1]
        assert restraint.bound_bps(Instant(now - 0.1), STEADY) < USED
        assert restraint.bound_bps(Instant(now), STEADY) == inf
    assert waits == [WAIT_SECONDS, 8, 16, MAX_WAIT_SECONDS, MAX_WAIT_SECONDS]


def test_a_step_that_was_kept_for_long_was_right_and_a_later_fall_is_the_links():
    restraint = Restraint()
    assert fall(restraint, 100, PROVEN_SECONDS) == 0
    assert fall(restraint, 200) == WAIT_SECONDS
    restraint.handle_time(Instant(200 + WAIT_SECONDS))
    assert fall(restraint, 300, PROVEN_SECONDS) == 0
    assert fall(restraint, 400) == WAIT_SECONDS


def test_a_fall_in_several_steps_is_one():
    restraint = Restraint()
    fall(restraint, 100)
    restraint.handle_fall(Instant(100.2), 500_000)
    restraint.handle_fall(Instant(100.4), 200_000)
    assert restraint.until == 100 + WAIT_SECONDS
    assert restraint.bound_bps(Instant(101), STEADY) > 0.9 * USED


def test_a_link_that_carries_far_more_than_it_did_is_another():
    restraint = Restraint()
    fall(restraint, 100)
    assert restraint.bound_bps(Instant(101), RELIEF * USED - 1) < inf
    assert restraint.bound_bps(Instant(101), RELIEF * USED) == inf
