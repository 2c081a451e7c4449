"""The spool and the take in it: what is kept, what goes first, and what the next recorder finds."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from media_node.errors import ManifestError
from media_node.recording import spool as spool_module
from media_node.recording.manifest import Entry, Health, Page, Span, parse_page
from media_node.recording.salvage import salvage
from media_node.recording.spool import Item, Spool
from media_node.recording.take import Draft, Take, TakeIdentity, coalesce
from media_node.recording.verification import verify_chain

IDENTITY = TakeIdentity("rec_a", "mtg_a", "node_a", "primary", "nodes/node_a/rec_a-b/")
ROOM = 1 << 20


def draft(number: int, source: str = "camera", data: bytes = b"segment") -> Draft:
    codec = "vp8" if source == "camera" else "opus"
    start = number * 2_000_000
    digest = hashlib.sha256(data).hexdigest()
    return Draft(f"trk_{source}", "par_a", source, codec, start, start + 2_000_000, 1, 1, len(data), digest)


def store_all(spool: Spool) -> tuple[list[Entry], list[Page]]:
    """Let everything reach the bucket."""
    entries, pages = [], []
    while (item := spool.next_item()) is not None:
        data = item.read()
        if item.entry is None:
            pages.append(parse_page(data))
        else:
            assert hashlib.sha256(data).hexdigest() == item.entry.sha256
            entries.append(item.entry)
        spool.note_stored(item)
    return entries, pages


def finish(spool: Spool) -> tuple[list[Entry], list[Page]]:
    entries, pages = store_all(spool)
    spool.close_page(is_final=True)
    more, last = store_all(spool)
    return entries + more, pages + last


def test_what_is_added_is_stored_in_order_and_leaves_nothing_behind(tmp_path: Path):
    spool = Spool(tmp_path / "take", IDENTITY, ROOM)
    for number in range(3):
        assert spool.add(draft(number), b"segment")
    entries, pages = finish(spool)
    assert [entry.sequence for entry in entries] == [0, 1, 2]
    assert verify_chain(pages, entries) == []
    assert (spool.bytes, spool.take.segments) == (0, 3)
    spool.remove()
    assert not (tmp_path / "take").exists()


def test_a_page_lists_what_is_stored_before_the_first_that_is_not(tmp_path: Path):
    spool = Spool(tmp_path / "take", IDENTITY, ROOM)
    for number in range(3):
        spool.add(draft(number), b"segment")
    first, second = spool.next_item(), spool.next_item()
    assert first is not None
    assert second is not None
    spool.note_stored(second)
    spool.close_page(is_final=False)
    page = parse_page(spool.ready[0].read())
    assert page.entries == ()
    spool.note_stored(first)
    _, pages = finish(spool)
    assert [len(page.entries) for page in pages] == [0, 3]
    assert verify_chain(pages) == []


def test_the_next_recorder_goes_on_with_the_chain_and_tells_the_gap(tmp_path: Path):
    spool = Spool(tmp_path / "take", IDENTITY, ROOM)
    for number in range(4):
        spool.add(draft(number), b"segment")
    done, in_flight = spool.next_item(), spool.next_item()
    assert done is not None
    assert in_flight is not None
    spool.note_stored(done)

    again = Spool(tmp_path / "take", IDENTITY, ROOM)
    assert [item.key for item in again.ready] == [in_flight.key]
    again.add(draft(6), b"segment")
    entries, pages = finish(again)
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4]
    assert verify_chain(pages) == []
    (gap,) = [gap for page in pages for gap in page.gaps]
    assert (gap.start_us, gap.end_us, gap.reason) == (8_000_000, 12_000_000, "recorder_restarted")


def test_where_there_is_no_room_the_oldest_video_goes_and_audio_last(tmp_path: Path):
    spool = Spool(tmp_path / "take", IDENTITY, 40)
    ten = b"ten bytes."
    for number in range(2):
        spool.add(draft(number, "microphone", ten), ten)
        spool.add(draft(number, "camera", ten), ten)
    assert spool.add(draft(2, "microphone", ten), ten)
    assert spool.add(draft(3, "microphone", ten), ten)
    assert not spool.add(draft(4, "camera", ten), ten), "audio does not go for video"
    assert spool.add(draft(4, "microphone", ten), ten), "but the oldest audio for audio"
    entries, pages = finish(spool)
    assert {entry.source for entry in entries} == {"microphone"}
    assert [entry.start_us for entry in entries] == [2_000_000, 4_000_000, 6_000_000, 8_000_000]
    gaps = sorted((gap.track, gap.start_us) for page in pages for gap in page.gaps)
    assert gaps == [
        ("trk_camera", 0),
        ("trk_camera", 2_000_000),
        ("trk_camera", 8_000_000),
        ("trk_microphone", 0),
    ]
    assert verify_chain(pages, entries) == []


@contextmanager
def full_disk() -> Iterator[None]:
    """Nothing can be written; what is there can be renamed and removed."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    opened = Path.open
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "write_bytes", refuse)
        patched.setattr(
            Path, "open", lambda path, mode="r", *more: (refuse if mode == "a" else opened)(path, mode, *more)
        )
        yield


def test_while_the_disk_is_full_segments_wait_in_memory_and_nothing_is_lost(tmp_path: Path):
    spool = Spool(tmp_path / "take", IDENTITY, ROOM)
    spool.add(draft(0), b"segment")
    with full_disk():
        assert spool.add(draft(1, "microphone"), b"segment")
        assert spool.add(draft(1, "camera"), b"segment")
        assert (spool.has_disk, spool.dropped, spool.bytes) == (False, 0, 21)
        entries, _ = store_all(spool)
        assert spool.bytes == 0
    assert spool.add(draft(2, "microphone"), b"segment")
    assert spool.has_disk
    more, pages = finish(spool)
    assert [entry.start_us for entry in entries + more] == [0, 2_000_000, 2_000_000, 4_000_000]
    assert verify_chain(pages, entries + more) == []
    assert [gap for page in pages for gap in page.gaps] == []


def test_with_a_full_disk_and_no_bucket_the_oldest_video_goes_first_and_sound_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(spool_module, "MEMORY_BYTES", 40)
    monkeypatch.setattr(spool_module, "VIDEO_MEMORY_BYTES", 30)
    ten = b"ten bytes."
    spool = Spool(tmp_path / "take", IDENTITY, ROOM)
    with full_disk():
        for number in range(4):
            assert spool.add(draft(number, "camera", ten), ten)
        for number in range(4):
            assert spool.add(draft(number, "microphone", ten), ten)
        assert not spool.add(draft(4, "camera", ten), ten), "sound does not go for video"
        assert spool.add(draft(4, "microphone", ten), ten), "but the oldest sound for sound"
    entries, pages = finish(spool)
    assert [(entry.source, entry.start_us) for entry in entries] == [
        ("microphone", number * 2_000_000) for number in range(1, 5)
    ]
    gaps = [(gap.track, gap.start_us // 2_000_000) for page in pages for gap in page.gaps]
    assert gaps == [*(("trk_camera", number) for number in range(5)), ("trk_microphone", 0)]
    assert {gap.reason for page in pages for gap in page.gaps} == {"disk_full"}
    assert verify_chain(pages, entries) == []


def test_a_journal_that_lacks_lines_is_not_gone_on_with_until_the_state_is_whole(tmp_path: Path):
    spool = Spool(tmp_path / "take", IDENTITY, ROOM)
    with full_disk():
        spool.add(draft(0), b"segment")
        store_all(spool)
    spool.add(draft(1), b"segment")
    with pytest.raises(ManifestError, match="lacks"):
        Spool(tmp_path / "take", IDENTITY, ROOM)
    store_all(spool)
    spool.close_page(is_final=False)
    again = Spool(tmp_path / "take", IDENTITY, ROOM)
    again.add(draft(2), b"segment")
    entries, _ = store_all(again)
    assert [entry.sequence for entry in entries] == [2]


def test_a_page_that_is_closed_on_a_full_disk_is_stored_and_its_state_not_gone_on_with(tmp_path: Path):
    spool = Spool(tmp_path / "take", IDENTITY, ROOM)
    spool.add(draft(0), b"segment")
    entries, _ = store_all(spool)

    with full_disk():
        spool.close_page(is_final=False)
    _, first = store_all(spool)
    spool.add(draft(1), b"segment")
    with pytest.raises(ManifestError, match="newer"):
        Spool(tmp_path / "take", IDENTITY, ROOM)
    more, rest = finish(spool)
    assert verify_chain(first + rest, entries + more) == []


def test_a_half_written_segment_of_a_dead_recorder_is_none(tmp_path: Path):
    spool = Spool(tmp_path / "take", IDENTITY, ROOM)
    spool.add(draft(0), b"segment")
    (tmp_path / "take/00000001.mkv").write_bytes(b"half")
    (tmp_path / "take/00000002.json").write_text('{"track": ')
    journal = next((tmp_path / "take").glob("journal-*"))
    journal.write_text(journal.read_text() + '{"gap": ["trk')
    entries, _ = finish(Spool(tmp_path / "take", IDENTITY, ROOM))
    assert len(entries) == 1


def test_state_of_something_else_is_refused(tmp_path: Path):
    spool = Spool(tmp_path / "take", IDENTITY, ROOM)
    spool.close_page(is_final=False)
    for text in ("[]", '{"segments": "many"}', "{}"):
        (tmp_path / "take/state.json").write_text(text)
        with pytest.raises(ManifestError):
            Spool(tmp_path / "take", IDENTITY, ROOM)
    with pytest.raises(ManifestError):
        Take(IDENTITY).replay({"dance": 1})


def broken_by_a_torn_journal(folder: Path) -> None:
    (folder / "torn.jsonl").touch()


def broken_by_an_older_state(folder: Path) -> None:
    (folder / "journal-000007.jsonl").write_text('{"gap": ["trk_camera", 90, 95, "lost"]}\n')


def broken_by_a_spoilt_state(folder: Path) -> None:
    (folder / "state.json").write_bytes(bytes([0, 255]) * 100)


def broken_by_a_spoilt_journal(folder: Path) -> None:
    journal = max(folder.glob("journal-*"), default=folder / "journal-000000.jsonl")
    journal.write_bytes(b'{"dance": 1}\n' + (journal.read_bytes() if journal.exists() else b""))


BREAKS: list[Callable[[Path], None]] = [
    broken_by_a_torn_journal,
    broken_by_an_older_state,
    broken_by_a_spoilt_state,
    broken_by_a_spoilt_journal,
]


@pytest.mark.parametrize("is_broken_by", BREAKS)
def test_what_a_broken_take_has_is_stored_and_writes_over_nothing(
    tmp_path: Path, is_broken_by: Callable[[Path], None]
):
    folder = tmp_path / "take"
    spool = Spool(folder, IDENTITY, ROOM)
    spool.add(draft(0), b"segment")
    stored, first = store_all(spool)
    spool.close_page(is_final=False)
    _, first = store_all(spool)
    for number in range(1, 4):
        spool.add(draft(number), b"segment")
    in_flight = spool.next_item()
    assert in_flight is not None
    is_broken_by(folder)
    with pytest.raises(ManifestError):
        Spool(folder, IDENTITY, ROOM)

    salvage(folder, IDENTITY, 1_000_000)
    again = Spool(folder, IDENTITY, ROOM)
    left, pages = finish(again)
    assert [entry.start_us for entry in left] == [2_000_000, 4_000_000, 6_000_000]
    keys = [entry.key for entry in stored + left]
    assert len(set(keys)) == 4
    assert [entry.sequence for entry in left][1:] == [1_000_000, 1_000_001] or is_broken_by in BREAKS[2:]
    assert [page.number for page in pages] == [1_000_000]
    assert pages[-1].is_final
    problems = {problem.kind for problem in verify_chain(first + pages, stored + left)}
    assert problems <= {"page_missing", "entry_missing", "entry_changed"}, "told, not hidden"
    assert "page_missing" in problems


def test_a_salvage_that_dies_is_begun_again(tmp_path: Path):
    folder = tmp_path / "take"
    spool = Spool(folder, IDENTITY, ROOM)
    spool.add(draft(0), b"segment")
    broken_by_a_torn_journal(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EIO, "dead")))
        with pytest.raises(OSError, match="dead"):
            salvage(folder, IDENTITY, 1_000_000)
    with pytest.raises(ManifestError):
        Spool(folder, IDENTITY, ROOM)
    salvage(folder, IDENTITY, 1_000_001)
    entries, pages = finish(Spool(folder, IDENTITY, ROOM))
    assert [(entry.start_us, entry.sequence) for entry in entries] == [(0, 1_000_001)]
    assert pages[-1].is_final


steps = st.lists(
    st.sampled_from(["video", "audio", "begin", "stored", "page", "health", "crash", "break"]),
    min_size=1,
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(steps)
@example(["video", "begin", "stored", "crash", "video", "crash"])
@example(["video", "begin", "page", "crash"])
def test_whatever_dies_when_the_take_is_whole_and_every_segment_is_stored_or_told(course: list[str]):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "take"
        spool = Spool(path, IDENTITY, 35)
        under_way: list[Item] = []
        stored: dict[str, Entry] = {}
        pages: dict[int, Page] = {}
        added: list[Draft] = []
        is_broken = False

        def store(item: Item) -> None:
            if item.entry is None:
                page = parse_page(item.read())
                assert pages.setdefault(page.number, page) == page
            else:
                assert stored.setdefault(item.entry.key, item.entry) == item.entry
            spool.note_stored(item)

        for number, step in enumerate(course):
            match step:
                case "video" | "audio":
                    one = draft(number, "camera" if step == "video" else "microphone", b"ten bytes.")
                    spool.add(one, b"ten bytes.")
                    added.append(one)
                case "begin" if (item := spool.next_item()) is not None:
                    under_way.append(item)
                case "stored" if under_way:
                    store(under_way.pop())
                case "page":
                    spool.close_page(is_final=False)
                case "health":
                    spool.note_health(Health("degraded", "overflow", number))
                case "crash":
                    spool, under_way = Spool(path, IDENTITY, 35), []
                case "break":
                    broken_by_a_torn_journal(path)
                    salvage(path, IDENTITY, 1_000_000 * (number + 1))
                    spool, under_way, is_broken = Spool(path, IDENTITY, 35), [], True
        for item in under_way:
            store(item)
        while (item := spool.next_item()) is not None:
            store(item)
        spool.close_page(is_final=True)
        while (item := spool.next_item()) is not None:
            store(item)
        assert is_broken or verify_chain(list(pages.values()), stored.values()) == []
        told = {(gap.track, gap.start_us) for page in pages.values() for gap in page.gaps}
        kept = {(entry.track, entry.start_us) for entry in stored.values()}
        assert {(one.track, one.start_us) for one in added} <= told | kept


def test_many_losses_become_few_that_cover_them():
    lost = tuple(Span(start, start + 5) for start in range(0, 1_000, 10))
    few = coalesce(lost, 4)
    assert len(few) == 4
    assert (few[0].start_us, few[-1].end_us) == (0, 995)
    assert coalesce(lost[:3]) == lost[:3]
