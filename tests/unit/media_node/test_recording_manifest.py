"""The manifest of a take: written and read back, and what verification finds."""

import contextlib
import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_node.errors import ManifestError
from media_node.recording.manifest import (
    Entry,
    Gap,
    Health,
    Page,
    Span,
    format_entry,
    format_page,
    parse_entry,
    parse_page,
)
from media_node.recording.verification import Problem, order_entries, verify_chain, verify_segment

SEGMENT = b"a segment"


def entries(count: int) -> list[Entry]:
    """So many chained entries of two tracks in turn."""
    made: list[Entry] = []
    for number in range(count):
        track, sequence = f"trk_{number % 2}", number // 2
        made.append(
            Entry(
                track=track,
                participant="par_ü",
                source="camera",
                codec="vp8",
                sequence=sequence,
                key=f"nodes/node_a/rec_a-b/{track}/{sequence:06d}.mkv",
                start_us=2_000_000 * number,
                end_us=2_000_000 * (number + 1),
                width=640,
                height=None,
                bytes=len(SEGMENT),
                sha256=sha256(SEGMENT).hexdigest(),
                previous=made[-1].digest if made else None,
                lost=(Span(5, 9),),
            )
        )
    return made


def pages(made: list[Entry], per_page: int = 2) -> list[Page]:
    """Chained pages, read back from their bytes, the last one final."""
    written: list[Page] = []
    for start in range(0, max(1, len(made)), per_page):
        page = Page(
            recording="rec_a",
            meeting="mtg_a",
            node="node_a",
            role="primary",
            number=len(written),
            previous_page=written[-1].digest if written else None,
            entries=tuple(made[start : start + per_page]),
            gaps=(Gap("trk_0", 1, 2, "muted"),),
            health=(Health("degraded", "storage_unavailable", 7),),
            is_final=start + per_page >= len(made),
        )
        written.append(parse_page(format_page(page)))
    return written


def kinds(problems: list[Problem]) -> list[str]:
    return [problem.kind for problem in problems]


def test_a_page_is_read_as_it_was_written():
    page = pages(entries(2))[0]
    assert replace(page, digest="") == replace(parse_page(format_page(page)), digest="")
    assert page.digest == sha256(format_page(page)).hexdigest()


def test_an_entry_travels_as_metadata_in_ascii():
    entry = entries(1)[0]
    assert format_entry(entry).isascii()
    assert parse_entry(format_entry(entry)) == entry


def test_a_whole_take_has_no_problem_with_or_without_what_its_objects_carry():
    made = entries(5)
    assert verify_chain(pages(made), made[::-1]) == []
    assert verify_chain(pages(made)[::-1]) == []
    assert verify_chain(pages([])) == []


def test_entries_behind_the_last_page_of_a_dead_recorder_are_in_order():
    made = entries(6)
    listed = pages(made)[:2]
    assert kinds(verify_chain(listed, made[::-1])) == ["unfinished"]
    assert order_entries(listed, made[::-1]) == made


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_page_is_found(missing):
    written = pages(entries(6))
    del written[missing]
    assert verify_chain(written)


def test_a_changed_page_is_found_by_the_next_one():
    written = pages(entries(6))
    changed = replace(written[1], gaps=())
    written[1] = parse_page(format_page(changed))
    assert kinds(verify_chain(written)) == ["page_changed"]


def test_a_changed_entry_is_found_by_the_next_one():
    made = entries(4)
    made[1] = replace(made[1], end_us=made[1].end_us + 1)
    assert "entry_changed" in kinds(verify_chain(pages(made)))


def test_an_entry_taken_out_is_found():
    made = entries(6)
    del made[2]
    assert {"entry_changed", "entry_missing"} <= set(kinds(verify_chain(pages(made))))


def test_a_hole_in_what_objects_carry_behind_the_last_page_is_found():
    made = entries(6)
    carried = [entry for entry in made if entry is not made[4]]
    assert kinds(verify_chain(pages(made)[:2], carried)) == ["entry_missing", "unfinished"]


def test_an_object_with_another_entry_than_its_page_is_found():
    made = entries(4)
    carried = [*made[:3], replace(made[3], width=1)]
    assert kinds(verify_chain(pages(made), carried)) == ["entry_changed"]


def test_pages_of_another_take_are_found():
    written = pages(entries(4))
    foreign = replace(written[1], recording="rec_b")
    written[1] = parse_page(format_page(foreign))
    assert "foreign" in kinds(verify_chain(written))


def test_a_segment_is_held_to_its_entry():
    entry = entries(1)[0]
    assert verify_segment(entry, SEGMENT) is None
    for data in (b"", SEGMENT + b"x", b"A segment"):
        problem = verify_segment(entry, data)
        assert problem is not None
        assert problem.where == entry.key


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"version": 2}, "version 2"),
        ({"version": True}, "version True"),
        ({"recording": None}, "recording is text"),
        ({"page": -1}, "page is a whole number"),
        ({"role": "third"}, "role is one of primary, backup"),
        ({"previousPage": "ABC"}, "previousPage is a SHA-256"),
        ({"entries": [1]}, "entries is a list of objects"),
        ({"entries": [{}]}, "startUs is a whole number"),
        ({"gaps": [{"track": "t", "startUs": 3, "endUs": 2, "reason": "x"}]}, "before startUs"),
        ({"health": [{"state": "fine", "reason": None, "atUs": 1}]}, "state is one of"),
        ({"final": 1}, "final is true or false"),
    ],
)
def test_a_page_that_is_not_of_the_contract_is_refused_with_its_field(change, text):
    message = json.loads(format_page(pages(entries(2))[0]))
    with pytest.raises(ManifestError, match=text):
        parse_page(json.dumps({**message, **change}).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"nope", b"[" * 100_000])
def test_bytes_that_are_no_page_are_refused(data):
    with pytest.raises(ManifestError):
        parse_page(data)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["sequence", "codec", "lost", "startUs", "sha256", "keyId"]), values))
def test_an_entry_with_any_field_changed_is_read_or_refused(change):
    message = {**json.loads(format_entry(entries(1)[0])), **change}
    with contextlib.suppress(ManifestError):
        assert isinstance(parse_entry(json.dumps(message)), Entry)
