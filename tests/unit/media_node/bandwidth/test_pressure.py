"""What a node short of CPU gives up, and when it takes it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.bandwidth.layers import SHED_ALL
from media_node.bandwidth.pressure import BusyMeter, Pressure, parse_stolen_seconds
from media_node.quantities import Instant


def follow(pressure: Pressure, start: int, *busy: float) -> list[tuple[bool, int]]:
    """One reading a second."""
    seen = []
    for second, share in enumerate(busy, start):
        pressure.handle_busy(Instant(float(second)), share)
        seen.append((pressure.is_refusing, pressure.shed))
    return seen


def test_newcomers_are_refused_before_anybody_loses_a_layer():
    seen = follow(Pressure(), 0, *[0.8] * 20)
    assert seen[:3] == [(False, 0), (False, 0), (True, 0)]
    assert seen[-1] == (True, 0)


def test_a_spike_of_a_second_changes_nothing():
    assert follow(Pressure(), 0, 0.2, 1.0, 0.2, 1.0, 0.2)[-1] == (False, 0)


def test_each_two_seconds_of_overload_take_a_rung_and_at_last_video_pauses():
    seen = [shed for _, shed in follow(Pressure(), 0, *[0.95] * 13)]
    assert seen == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, SHED_ALL, SHED_ALL, SHED_ALL]


def test_relief_comes_back_step_by_step_and_newcomers_last():
    pressure = Pressure()
    follow(pressure, 0, *[0.95] * 7)
    assert (pressure.is_refusing, pressure.shed) == (True, 3)
    seen = follow(pressure, 7, *[0.5] * 30)
    sheds = [shed for _, shed in seen]
    assert sheds == sorted(sheds, reverse=True)
    assert sheds[4:6] == [3, 2]
    assert seen[-1] == (False, 0)
    assert next(index for index, (refusing, _) in enumerate(seen) if not refusing) >= sheds.index(0)


def test_between_the_bounds_nothing_moves():
    pressure = Pressure()
    follow(pressure, 0, *[0.95] * 3)
    assert set(follow(pressure, 3, *[0.72, 0.85, 0.71] * 10)) == {(True, 1)}


@given(st.lists(st.floats(0, 1), max_size=60))
def test_whatever_comes_layers_are_shed_only_while_newcomers_are_refused(shares):
    for is_refusing, shed in follow(Pressure(), 0, *shares):
        assert is_refusing or shed == 0


def test_the_busiest_worker_counts_and_what_was_stolen_with_it():
    meter = BusyMeter()
    assert meter.read(Instant(10.0), [1.0, 5.0], 0.0) is None
    assert meter.read(Instant(12.0), [1.5, 6.0], 0.0) == pytest.approx(0.5)
    assert meter.read(Instant(14.0), [1.6, 6.2], 1.0) == pytest.approx(0.6)
    assert meter.read(Instant(15.0), [4.0, 6.2], 1.0) == 1.0


def test_a_worker_that_others_keep_from_its_core_is_busy():
    meter = BusyMeter()
    meter.read(Instant(10.0), [1.0, 1.0], 0.0, [3.0, 3.0])
    # Held to half a core, it is ready to run all the time.
    assert meter.read(Instant(11.0), [1.5, 1.1], 0.0, [3.5, 3.0]) == pytest.approx(1.0)
    assert meter.read(Instant(12.0), [1.9, 1.2], 0.0, [3.8, 3.0]) == pytest.approx(0.7)
    assert meter.read(Instant(13.0), [1.9, 1.2], 0.0, [9.0, 3.0]) == 1.0, "a thread of another clock"


def test_what_was_stolen_while_a_worker_waited_is_counted_once():
    meter = BusyMeter()
    meter.read(Instant(10.0), [1.0], 0.0, [3.0])
    assert meter.read(Instant(11.0), [1.2], 0.4, [3.0]) == pytest.approx(0.6)
    assert meter.read(Instant(12.0), [1.4], 0.8, [3.5]) == pytest.approx(0.2 + 0.5 + 0.4 / 2)
    assert meter.read(Instant(13.0), [1.4], 1.8, [4.5]) == pytest.approx(1.0)


def test_a_worker_that_did_not_answer_makes_no_reading():
    meter = BusyMeter()
    meter.read(Instant(1.0), [1.0, 5.0], 0.0)
    assert meter.read(Instant(2.0), [1.0], 0.0) is None
    assert meter.read(Instant(3.0), [1.3], 0.0) == pytest.approx(0.3)


def test_stolen_time_is_read_from_the_kernels_file():
    text = (
        "cpu  10 0 10 100 0 0 0 700 0 0\ncpu0 5 0 5 50 0 0 0 300 0 0\ncpu1 5 0 5 50 0 0 0 400 0 0\nintr 9\n"
    )
    assert parse_stolen_seconds(text, 100.0) == pytest.approx(3.5)
    assert parse_stolen_seconds("", 100.0) == 0.0
    assert parse_stolen_seconds("cpu0 1 2\ncpu1 x", 100.0) == 0.0
