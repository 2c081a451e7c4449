"""Which segment is shown when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_node.recording.composition.catalog import SLACK_US, Catalog
from media_node.recording.manifest import Entry, Gap, Span

SECOND = 1_000_000
WHOLE = Span(0, 20 * SECOND)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(tmp_path / "catalog.sqlite")
    yield made
    made.close()


def entry(take: int, sequence: int, start: float, end: float, lost: tuple[Span, ...] = ()) -> Entry:
    return Entry(
        track="trk_a",
        participant="par_a",
        source="camera",
        codec="vp8",
        sequence=sequence,
        key=f"take{take}/{sequence}",
        start_us=round(start * SECOND),
        end_us=round(end * SECOND),
        width=320,
        height=180,
        bytes=1,
        sha256="0" * 64,
        previous=None,
        lost=lost,
    )


def shown(catalog: Catalog) -> list[tuple[str, float, float]]:
    return [
        (clip.segment.key, clip.span.start_us / SECOND, clip.span.end_us / SECOND)
        for clip in catalog.clips("trk_a", WHOLE)
    ]


def test_the_best_take_is_shown_alone_while_it_is_whole(catalog: Catalog):
    catalog.add(0, [entry(0, 0, 0, 2), entry(0, 1, 2.03, 4)])
    catalog.add(1, [entry(1, 0, 0, 3), entry(1, 1, 3, 4)])
    assert shown(catalog) == [("take0/0", 0, 2), ("take0/1", 2.03, 4)]


def test_a_bad_segment_is_filled_from_the_next_take(catalog: Catalog):
    catalog.add(0, [entry(0, 0, 0, 2), entry(0, 1, 2, 4), entry(0, 2, 4, 6)])
    catalog.add(1, [entry(1, 0, 0, 3), entry(1, 1, 3, 6)])
    catalog.mark_bad("take0/1", "changed")
    assert shown(catalog) == [("take0/0", 0, 2), ("take1/0", 2, 3), ("take1/1", 3, 4), ("take0/2", 4, 6)]
    assert catalog.losses("trk_a", WHOLE) == []


def test_a_segment_that_a_take_has_twice_is_shown_once(catalog: Catalog):
    catalog.add(
        0, [entry(0, 0, 0, 2), entry(0, 1, 2, 4), entry(0, 1_000_000, 2, 4), entry(0, 1_000_001, 4, 6)]
    )
    catalog.mark_missing_sequences()
    assert shown(catalog) == [("take0/0", 0, 2), ("take0/1", 2, 4), ("take0/1000001", 4, 6)]
    assert catalog.losses("trk_a", WHOLE) == []


def test_what_no_take_has_is_lost(catalog: Catalog):
    catalog.add(0, [entry(0, 0, 0, 2), entry(0, 1, 2, 4), entry(0, 2, 4, 6)])
    catalog.mark_bad("take0/1", "changed")
    assert catalog.losses("trk_a", WHOLE) == [Span(2 * SECOND, 4 * SECOND)]


def test_a_number_that_is_missing_is_a_loss(catalog: Catalog):
    catalog.add(0, [entry(0, 0, 0, 2), entry(0, 2, 4, 6)])
    catalog.mark_missing_sequences()
    assert catalog.losses("trk_a", WHOLE) == [Span(2 * SECOND, 4 * SECOND)]


@pytest.mark.parametrize(
    ("reason", "is_loss"), [("muted", False), ("silent", False), ("lost", True), ("new", True)]
)
def test_a_gap_is_a_loss_unless_it_was_meant(catalog: Catalog, reason: str, is_loss: bool):
    catalog.add(0, [entry(0, 0, 0, 2), entry(0, 1, 4, 6)])
    catalog.add_gaps([Gap("trk_a", 2 * SECOND, 4 * SECOND, reason)])
    assert catalog.losses("trk_a", WHOLE) == ([Span(2 * SECOND, 4 * SECOND)] if is_loss else [])


def test_a_loss_inside_a_segment_is_filled_or_held_over_or_told(catalog: Catalog):
    short, long = Span(500_000, 800_000), Span(3 * SECOND, 5 * SECOND)
    catalog.add(0, [entry(0, 0, 0, 2, (short,)), entry(0, 1, 2, 6, (long,))])
    assert shown(catalog) == [("take0/0", 0, 2), ("take0/1", 2, 3), ("take0/1", 5, 6)]
    assert catalog.losses("trk_a", WHOLE) == [long]
    catalog.add(1, [entry(1, 0, 2, 6)])
    assert ("take1/0", 3, 5) in shown(catalog)
    assert catalog.losses("trk_a", WHOLE) == []


segments = st.lists(st.tuples(st.integers(0, 190), st.integers(1, 40), st.booleans()), max_size=12)


@given(segments, segments)
def test_whatever_the_takes_hold_all_of_it_is_shown_and_nothing_twice(first, second):
    catalog = Catalog(Path(":memory:"))
    held: set[int] = set()
    for take, of_take in enumerate((first, second)):
        at = 0
        for sequence, (begin, length, is_bad) in enumerate(sorted(of_take)):
            begin = max(begin, at)
            at = begin + length
            made = entry(take, sequence, begin / 10, at / 10)
            catalog.add(take, [made])
            if is_bad:
                catalog.mark_bad(made.key, "changed")
            else:
                held |= set(range(begin, min(at, 200)))
    clips = catalog.clips("trk_a", WHOLE)
    seen = [
        tenth for clip in clips for tenth in range(clip.span.start_us // 100_000, clip.span.end_us // 100_000)
    ]
    assert sorted(seen) == sorted(held)
    assert SLACK_US < 100_000
    catalog.close()
