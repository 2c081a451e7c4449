"""What senders are asked for."""

from hypothesis import given
from hypothesis import strategies as st

from media_node.bandwidth.demand import STOP_SECONDS, Demand
from media_node.quantities import Instant

NOW = Instant(10.0)


def layers(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


def later(seconds: float) -> Instant:
    return Instant(NOW + seconds)


def test_a_track_that_nobody_watches_is_stopped_after_a_while():
    demand: Demand[str] = Demand(3, NOW)
    assert not demand.settle(later(0.9))
    assert not demand.is_settled
    assert demand.settle(later(STOP_SECONDS))
    assert demand.asked == layers()
    assert demand.is_settled


def test_what_is_needed_is_asked_for_at_once():
    demand: Demand[str] = Demand(3, NOW)
    demand.settle(later(5))
    demand.put(later(5), "a slot", layers(0, 2))
    assert demand.settle(later(5))
    assert demand.asked == layers(0, 2)


def test_a_layer_is_stopped_when_its_last_receiver_has_turned_away_for_a_while():
    demand: Demand[str] = Demand(2, NOW)
    demand.put(NOW, "a", layers(0, 1))
    demand.put(NOW, "b", layers(0, 1))
    demand.put(later(5), "a", layers(0))
    assert not demand.settle(later(20))
    demand.put(later(20), "b", layers())
    assert not demand.settle(later(20.5))
    assert demand.settle(later(20 + STOP_SECONDS))
    assert demand.asked == layers(0)
    assert demand.places == ["a"]


def test_turning_back_in_time_changes_nothing():
    demand: Demand[str] = Demand(1, NOW)
    demand.put(NOW, "a", layers(0))
    demand.put(later(5), "a", layers())
    demand.put(later(5.5), "a", layers(0))
    assert not demand.settle(later(5.5))
    assert not demand.settle(later(60))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.frozensets(st.integers(0, 2)), st.floats(0, 0.7)), max_size=40)
)
def test_what_somebody_needs_is_always_asked_for_and_all_else_stops(changes):
    demand: Demand[int] = Demand(3, NOW)
    needed: dict[int, frozenset[int]] = {}
    now = NOW
    for place, wanted, pause in changes:
        now = Instant(now + pause)
        demand.put(now, place, wanted)
        needed[place] = wanted
        demand.settle(now)
        assert layers().union(*needed.values()) <= demand.asked
    demand.settle(Instant(now + STOP_SECONDS))
    assert demand.asked == layers().union(*needed.values())
