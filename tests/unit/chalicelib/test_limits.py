"""Buckets of requests: bursts, steady rates, several at once, and bounded memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.limits import MOST_KEPT, Buckets, Quota

QUOTA = Quota(per_second=2, burst=5)


def test_a_burst_is_allowed_and_then_the_steady_rate():
    buckets = Buckets()
    assert [buckets.take([("a", QUOTA)], 0).remaining for _ in range(5)] == [4, 3, 2, 1, 0]
    refused = buckets.take([("a", QUOTA)], 0)
    assert (refused.allowed, refused.reset_seconds) == (False, 1)
    assert not buckets.take([("a", QUOTA)], 0.4).allowed
    assert buckets.take([("a", QUOTA)], 0.5).allowed
    assert not buckets.take([("a", QUOTA)], 0.6).allowed
    assert buckets.take([("b", QUOTA)], 0.6).allowed


def test_the_tightest_of_several_decides_and_a_refusal_costs_the_others_nothing():
    buckets, narrow = Buckets(), Quota(1, 1)
    first = buckets.take([("caller", narrow), ("tenant", QUOTA)], 0)
    assert (first.allowed, first.quota, first.remaining) == (True, narrow, 0)
    for _ in range(10):
        assert not buckets.take([("caller", narrow), ("tenant", QUOTA)], 0).allowed
    assert buckets.take([("tenant", QUOTA)], 0).remaining == 3


@given(st.lists(st.floats(0, 3), max_size=60))
def test_nobody_gets_more_than_burst_and_rate_allow(pauses: list[float]):
    buckets, now, passed = Buckets(), 0.0, 0
    for pause in pauses:
        now += pause
        answer = buckets.take([("a", QUOTA)], now)
        passed += answer.allowed
        assert 0 <= answer.remaining <= QUOTA.burst
        assert answer.reset_seconds >= 0
    assert passed <= QUOTA.burst + QUOTA.per_second * now + 1e-6


def test_memory_is_bounded():
    buckets = Buckets()
    for n in range(MOST_KEPT + 50):
        buckets.take([(str(n), QUOTA)], 0)
    assert len(buckets._kept) == MOST_KEPT
