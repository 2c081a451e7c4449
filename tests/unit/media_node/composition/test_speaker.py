"""Who is shown as speaking."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from media_node.recording.composition.speaker import LEAST_SHOWN_HOPS, Speaker

LOUD, SOFT, QUIET = -20.0, -40.0, -90.0


def levels(*parts: tuple[float, int]) -> list[float]:
    return [level for level, hops in parts for _ in range(hops)]


def test_the_first_who_speaks_is_shown_from_the_first_word():
    changes = Speaker().follow({"a": levels((QUIET, 20), (LOUD, 30))}, 50)
    assert changes == [(20, "a")]


def test_a_cough_changes_nothing():
    speaker = Speaker()
    voices = {"a": levels((LOUD, 100)), "b": levels((QUIET, 50), (LOUD + 10, 2), (QUIET, 48))}
    assert [name for _, name in speaker.follow(voices, 100)] == ["a"]


def test_who_goes_on_after_another_is_shown_when_it_is_the_louder_one():
    voices = {"a": levels((LOUD, 50), (QUIET, 50)), "b": levels((QUIET, 50), (LOUD, 50))}
    (_, first), (hop, second) = Speaker().follow(voices, 100)
    assert (first, second) == ("a", "b")
    assert 50 <= hop <= 54


def test_two_who_interrupt_each_other_do_not_make_the_picture_flicker():
    turns = [LOUD if hop // 3 % 2 else SOFT for hop in range(300)]
    voices = {"a": turns, "b": turns[3:] + turns[:3]}
    changes = Speaker().follow(voices, 300)
    assert len(changes) <= 2


def test_what_was_begun_in_one_minute_is_finished_in_the_next():
    speaker = Speaker()
    assert speaker.follow({"a": levels((QUIET, 7), (LOUD, 3))}, 10) == []
    assert speaker.follow({"a": levels((LOUD, 10))}, 10) == [(0, "a")]


def test_a_room_where_nobody_speaks_has_no_speaker():
    speaker = Speaker()
    assert speaker.follow({"a": levels((-50.0, 100))}, 100) == []
    assert speaker.current is None


@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_whatever_is_heard_a_speaker_is_shown_for_a_while(random, count):
    voices = {str(voice): [random.choice((QUIET, SOFT, LOUD)) for _ in range(200)] for voice in range(count)}
    changes = Speaker().follow(voices, 200)
    assert all(after - hop >= LEAST_SHOWN_HOPS for (hop, _), (after, _) in itertools.pairwise(changes))
    assert all(one != other for (_, one), (_, other) in itertools.pairwise(changes))
