"""Layouts: whatever the meeting, tiles lie in the picture, apart from each other, and keep their aspect."""

from hypothesis import given
from hypothesis import strategies as st

from media_node.recording.composition.layout import (
    LAYOUTS,
    MOST_TILES,
    Rect,
    Size,
    Stage,
    Subject,
    arrange,
    fit,
)

HD = Size(1280, 720)
people = st.lists(st.integers(0, 999).map(str), unique=True, max_size=200).map(tuple)
sides = st.tuples(st.integers(60, 960), st.integers(40, 540)).map(lambda two: Size(2 * two[0], 2 * two[1]))


@st.composite
def stages(draw: st.DrawFn) -> Stage:
    here = draw(people)
    one = st.sampled_from(here) if here else st.nothing()
    screens = draw(st.lists(one, unique=True, max_size=20)) if here else []
    heard = draw(st.lists(one, unique=True, max_size=20)) if here else []
    speaker = draw(st.none() | one) if here else None
    return Stage(here, tuple(screens), speaker, tuple(heard))


def inside(rect: Rect, size: Size) -> bool:
    return (
        rect.x >= 0
        and rect.y >= 0
        and rect.x + rect.width <= size.width
        and rect.y + rect.height <= size.height
    )


def apart(one: Rect, other: Rect) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


@given(st.sampled_from(LAYOUTS), stages(), sides)
def test_tiles_lie_in_the_picture_apart_and_in_one_aspect(layout, stage, size):
    arranged = arrange(layout, stage, size)
    rects = [tile.rect for tile in arranged.tiles]
    assert all(inside(rect, size) for rect in rects)
    assert all(apart(one, other) for index, one in enumerate(rects) for other in rects[:index])
    assert all(value % 2 == 0 for rect in rects for value in (rect.x, rect.y, rect.width, rect.height))
    assert all(abs(rect.width * 9 - rect.height * 16) <= 9 * 16 * 2 for rect in rects)


@given(st.sampled_from(LAYOUTS), stages())
def test_nobody_is_there_twice_and_everybody_is_counted(layout, stage):
    arranged = arrange(layout, stage, HD)
    subjects = [tile.subject for tile in arranged.tiles]
    assert len(set(subjects)) == len(subjects) <= MOST_TILES
    shown = {subject.participant for subject in subjects if not subject.is_screen}
    assert shown <= set(stage.people)
    assert arranged.hidden == len(stage.people) - len(shown)


@given(stages())
def test_who_speaks_is_always_seen(stage):
    if stage.speaker is None:
        return
    for layout in LAYOUTS:
        subjects = [tile.subject for tile in arrange(layout, stage, HD).tiles]
        assert Subject(stage.speaker) in subjects


@given(st.integers(1, 8000), st.integers(1, 8000), sides)
def test_what_is_fitted_keeps_its_aspect_and_fills_a_side(width, height, size):
    outer = Rect(0, 0, size.width, size.height)
    inner = fit(width, height, outer)
    assert inside(inner, size)
    assert inner.width >= outer.width - 2 or inner.height >= outer.height - 2
    # To the pixel pair.
    assert abs(inner.width * height - inner.height * width) <= 4 * max(width, height)


def test_a_grid_of_four_is_two_by_two():
    rects = [tile.rect for tile in arrange("grid", Stage(("a", "b", "c", "d")), HD).tiles]
    assert len({rect.x for rect in rects}) == len({rect.y for rect in rects}) == 2
    assert all(rect.width * rect.height * 4 > 0.9 * HD.width * HD.height for rect in rects)


def test_a_tile_keeps_its_place_when_another_one_speaks():
    stage = Stage(("a", "b", "c"))
    assert arrange("grid", stage, HD) == arrange("grid", Stage(stage.people, (), "c", ("c", "a")), HD)


def test_a_shared_screen_is_the_largest_tile_beside_who_speaks():
    stage = Stage(("a", "b", "c"), ("a",), "b", ("b",))
    large, small = arrange("share", stage, HD).tiles
    assert large.subject == Subject("a", is_screen=True)
    assert small.subject == Subject("b")
    assert large.rect.width > 3 * small.rect.width


def test_without_a_screen_sharing_looks_like_the_speaker():
    stage = Stage(("a", "b", "c"), (), "b", ("b",))
    assert arrange("share", stage, HD) == arrange("speaker", stage, HD)
    assert arrange("speaker", stage, HD).tiles[0].subject == Subject("b")


def test_one_alone_fills_the_picture():
    (tile,) = arrange("speaker", Stage(("a",)), HD).tiles
    assert tile.rect == Rect(0, 0, 1280, 720)
