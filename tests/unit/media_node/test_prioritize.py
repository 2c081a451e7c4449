"""Which tracks fill a participant's places."""

from hypothesis import given
from hypothesis import strategies as st

from media_node.bandwidth.prioritize import Candidate, fill_places, prioritize


def test_screens_then_latest_speakers_then_order_of_joining():
    found = prioritize(
        [
            Candidate("first", False, 0, 1),
            Candidate("spoke long ago", False, 1, 2),
            Candidate("spoke just now", False, 9, 3),
            Candidate("screen", True, 0, 4),
        ]
    )
    assert found == ["screen", "spoke just now", "spoke long ago", "first"]


@given(
    current=st.lists(st.none() | st.integers(0, 9), max_size=6, unique_by=lambda one: one or object()),
    wanted=st.lists(st.integers(0, 9), max_size=10, unique=True),
)
def test_the_most_wanted_are_shown_and_keep_their_places(current, wanted):
    places = fill_places(current, wanted)
    shown = [one for one in places if one is not None]
    assert sorted(shown) == sorted(wanted[: len(current)])
    for before, after in zip(current, places, strict=True):
        if before is not None and before in wanted[: len(current)]:
            assert after == before
