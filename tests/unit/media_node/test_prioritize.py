"""Which tracks fill a participant's places."""

from hypothesis import given
from hypothesis import strategies as st

from media_node.bandwidth.prioritize import Candidate, Ranking, fill_places


def ranking(*candidates: Candidate) -> Ranking:
    found = Ranking()
    for candidate in candidates:
        found.put(candidate)
    return found


def test_latest_speakers_come_first_then_the_order_of_joining():
    found = ranking(Candidate("first", 0, 1), Candidate("long ago", 1, 2), Candidate("just now", 9, 3))
    assert found.first(9) == ["just now", "long ago", "first"]
    assert found.latest(2) == ["just now", "long ago"]
    found.put(Candidate("first", 10, 1))
    assert found.first(2) == ["first", "just now"]


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 9)), max_size=60))
def test_a_ranking_kept_up_to_date_equals_one_made_anew(changes):
    found = Ranking()
    kept: dict[int, int] = {}
    for track, spoke in changes:
        if spoke is None:
            found.remove(str(track))
            kept.pop(track, None)
        else:
            found.put(Candidate(str(track), spoke, track))
            kept[track] = spoke
    assert found.first(9) == [str(track) for track in sorted(kept, key=lambda one: (-kept[one], one))]


@given(
    current=st.lists(
        st.none() | st.integers(0, 9), max_size=6, unique_by=lambda one: object() if one is None else one
    ),
    wanted=st.lists(st.integers(0, 9), max_size=10, unique=True),
)
def test_the_most_wanted_are_shown_and_keep_their_places(current, wanted):
    places = fill_places(current, wanted)
    shown = [one for one in places if one is not None]
    assert sorted(shown) == sorted(wanted[: len(current)])
    for before, after in zip(current, places, strict=True):
        if before is not None and before in wanted[: len(current)]:
            assert after == before
