"""`parley recording verify`: what it says of takes that are whole, and of those that are not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from media_node.recording.take import Draft, Take, TakeIdentity
from parley.cli import application
from parley.errors import TakeError
from parley.takes import verify_take


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """Six segments of two tracks in three pages, written as a recorder writes them."""
    state = Take(TakeIdentity("rec_a", "mtg_a", "node_a", "primary", "nodes/node_a/rec_a-b/"))
    (tmp_path / "pages").mkdir()
    for number in range(6):
        data = f"segment {number} ü".encode()
        digest = hashlib.sha256(data).hexdigest()
        start = number * 2_000_000
        entry = state.chain(
            Draft(f"trk_{number % 2}", "par_ü", "camera", "vp8", start, start + 9, 1, 1, len(data), digest)
        )
        path = tmp_path / entry.key.removeprefix("nodes/node_a/rec_a-b/")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        state.note_stored(entry)
        if number % 2:
            key, page = state.close_page(is_final=number == 5)
            (tmp_path / "pages" / key.rpartition("/")[2]).write_bytes(page)
    return tmp_path


def edit_page(take: Path, number: int, old: str, new: str) -> None:
    path = take / f"pages/{number:06d}.json"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_whole_take_has_no_problems(take: Path):
    verdict = verify_take(take)
    assert (verdict.pages, verdict.segments, verdict.problems) == (3, 6, [])
    assert not verdict.is_unfinished


def test_a_changed_and_a_missing_segment_are_named(take: Path):
    (take / "trk_0/000001.mkv").write_bytes(b"other")
    (take / "trk_1/000002.mkv").unlink()
    assert verify_take(take).problems == [
        "trk_0/000001.mkv is not what was written",
        "trk_1/000002.mkv is missing",
    ]


def test_a_segment_that_was_put_in_is_named(take: Path):
    (take / "trk_0/000003.mkv").write_bytes(b"foreign")
    assert verify_take(take).problems == ["trk_0/000003.mkv is in no page"]


def test_a_changed_page_shows_in_the_next_one(take: Path):
    edit_page(take, 1, '"participant":"par_ü"', '"participant":"par_e"')
    problems = verify_take(take).problems
    assert any("000002.json follows another page" in problem for problem in problems)
    assert any("an entry before it was changed" in problem for problem in problems)


def test_a_missing_page_shows_at_its_place_and_at_the_end(take: Path):
    (take / "pages/000001.json").unlink()
    assert any("a page is missing" in problem for problem in verify_take(take).problems)


def test_without_its_last_page_a_take_is_unfinished(take: Path):
    (take / "pages/000002.json").unlink()
    verdict = verify_take(take)
    assert (verdict.problems, verdict.is_unfinished) == ([], True)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2}', '{"version": 1, "final": true, "entries": [{"track": ".."}]}']
)
def test_what_is_no_page_is_refused_with_its_name(take: Path, text: str):
    (take / "pages/000001.json").write_text(text)
    with pytest.raises(TakeError, match=r"000001\.json"):
        verify_take(take)


def test_the_command_line_says_what_is_wrong_by_its_exit_code(take: Path):
    whole = CliRunner().invoke(application, ["recording", "verify", str(take)])
    assert (whole.exit_code, whole.output) == (0, "6 segments in 3 pages, 0 problems.\n")
    (take / "trk_0/000000.mkv").unlink()
    broken = CliRunner().invoke(application, ["recording", "verify", str(take)])
    assert broken.exit_code == 1
    assert "trk_0/000000.mkv is missing" in broken.output
    empty = CliRunner().invoke(application, ["recording", "verify", str(take / "trk_0")])
    assert isinstance(empty.exception, TakeError)
