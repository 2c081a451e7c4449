"""Film time and the wall clock."""

from hypothesis import given
from hypothesis import strategies as st

from media_node.recording.composition.axis import PAUSE_CARD_US, Axis, merged, without
from media_node.recording.manifest import Span

SECOND = 1_000_000
spans = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 40)).map(lambda two: Span(two[0], two[0] + two[1])),
    max_size=8,
)


def test_without_pauses_film_time_is_time_since_the_begin():
    axis = Axis(100 * SECOND, 160 * SECOND)
    assert axis.duration_us == 60 * SECOND
    assert axis.film_us(130 * SECOND) == 30 * SECOND


def test_a_pause_is_cut_to_a_card():
    axis = Axis(0, 100 * SECOND, [Span(10 * SECOND, 70 * SECOND)])
    assert axis.duration_us == 40 * SECOND + PAUSE_CARD_US
    assert axis.film_us(69 * SECOND) == 10 * SECOND
    assert axis.film_us(71 * SECOND) == 11 * SECOND + PAUSE_CARD_US


def test_a_pause_shorter_than_its_card_lasts_as_long_as_it_did():
    assert Axis(0, 10 * SECOND, [Span(4 * SECOND, 5 * SECOND)]).duration_us == 10 * SECOND


def test_times_outside_are_the_films_ends():
    axis = Axis(50, 150)
    assert (axis.film_us(0), axis.film_us(1000)) == (0, 100)


def test_a_recording_that_ends_before_it_begins_has_no_length():
    assert Axis(100, 50, [Span(20, 60)]).duration_us == 0


@given(st.integers(0, 50), st.integers(0, 100), spans)
def test_film_time_never_runs_back_and_stretches_follow_each_other(start, length, pauses):
    axis = Axis(start, start + length, pauses)
    times = [axis.film_us(wall) for wall in range(start - 5, start + length + 5)]
    assert times == sorted(times)
    edges = [0, *(one.end_us for one in axis.stretches)]
    assert [one.start_us for one in axis.stretches] == edges[:-1]
    assert sum(one.end_us - one.start_us for one in axis.between(3, 30)) == max(
        0, min(30, axis.duration_us) - 3
    )


@given(st.integers(0, 60), st.integers(0, 60), spans)
def test_what_is_left_and_what_is_taken_are_the_whole(start, length, taken):
    span = Span(start, start + length)
    joined = merged(taken)
    left = without(span, joined)
    inside = {moment for one in left for moment in range(one.start_us, one.end_us)}
    gone = {moment for one in joined for moment in range(one.start_us, one.end_us)}
    assert inside == set(range(span.start_us, span.end_us)) - gone
