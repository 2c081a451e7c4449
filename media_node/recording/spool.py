"""Segments and pages on disk between recording and upload, bounded; and the take's state beside them.

A segment is a file and a file that describes it, both whole or not there. What a recorder that died has left
is found again by the next one. Where the disk takes nothing segments wait in memory. Where there is no room
the oldest video goes first, and audio last.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from media_node.errors import ManifestError
from media_node.recording.manifest import (
    Entry,
    Gap,
    Health,
    Message,
    Span,
    entry_to_json,
    message_to_json,
)
from media_node.recording.take import Draft, Take, TakeIdentity

log = structlog.get_logger()

STATE = "state.json"
ROOM_REASON = "spool_full"
DISK_REASON = "disk_full"
# A journal that lacks a line: the disk took none.
TORN = "torn.jsonl"
# What waits in memory while the disk is full: a minute of four people, or many minutes of their voices.
MEMORY_BYTES = 32 << 20
# Of this only sound takes the rest.
VIDEO_MEMORY_BYTES = 24 << 20


@dataclass(frozen=True)
class Item:
    """Something to upload: an entry's segment, or a page; `data` is what a full disk must not lose."""

    key: str
    path: Path
    entry: Entry | None = None
    data: bytes | None = None

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            OSError: The file has gone.
        """
        return self.data if self.data is not None else self.path.read_bytes()


class Spool:
    """The folder of one take. Used under one lock of its owner."""

    def __init__(self, folder: Path, identity: TakeIdentity, limit_bytes: int) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._drafts: deque[tuple[int, Draft]] = deque()
        # Of those that no file holds, by number; in flight they count as well.
        self._data_by_number: dict[int, bytes] = {}
        self._memory_bytes = 0
        self._number = 0
        self.bytes = 0
        # Segments given up for lack of room.
        self.dropped = 0
        self.has_disk = True
        self._make_folder()
        self.take = self._load(identity)
        self.ready: deque[Item] = deque(self._left())

    # What comes.

    def add(self, draft: Draft, data: bytes) -> bool:
        """Keep a segment; where there is no room for it, others or it are given up and become gaps.

        Returns:
            Whether it is kept.
        """
        self._note_restart(draft)
        while self.bytes + len(data) > self._limit and self._drop_for(draft, ROOM_REASON):
            pass
        is_kept = self.bytes + len(data) <= self._limit and self._keep(draft, data)
        if not is_kept:
            reason = ROOM_REASON if self.has_disk else DISK_REASON
            self.dropped += 1
            self.note_gap(Gap(draft.track, draft.start_us, draft.end_us, reason))
        self.take.note_end(draft.track, draft.end_us)
        self._journal({"end": [draft.track, draft.end_us]})
        return is_kept

    def note_gap(self, gap: Gap) -> None:
        self.take.note_gap(gap)
        self._journal({"gap": [gap.track, gap.start_us, gap.end_us, gap.reason]})

    def note_health(self, health: Health) -> None:
        self.take.note_health(health)
        self._journal({"health": [health.state, health.reason, health.at_us]})

    def note_message(self, message: Message) -> None:
        self.take.note_message(message)
        self._journal({"message": message_to_json(message)})

    # What goes.

    def next_item(self) -> Item | None:
        """What to upload next; a segment gets its place in the chain here."""
        if self.ready:
            return self.ready.popleft()
        if not self._drafts:
            return None
        number, draft = self._drafts.popleft()
        entry = self.take.chain(draft)
        self._journal({"entry": entry_to_json(entry)})
        return Item(entry.key, self._segment(number), entry, self._data_by_number.pop(number, None))

    def note_stored(self, item: Item) -> None:
        """It is in the bucket: its file goes."""
        if item.entry is not None:
            self.take.note_stored(item.entry)
            self.bytes -= item.entry.bytes
            self._memory_bytes -= len(item.data or b"")
            item.path.with_suffix(".json").unlink(missing_ok=True)
        item.path.unlink(missing_ok=True)

    def close_page(self, *, is_final: bool) -> None:
        """Write the next page, to be uploaded before all segments."""
        before = self._journal_path()
        key, data = self.take.close_page(is_final=is_final)
        path = self._folder / f"page-{self.take.page - 1:06d}.page"
        state = json.dumps(self.take.to_json()).encode()
        if self._replace(path, data) and self._replace(self._folder / STATE, state):
            before.unlink(missing_ok=True)
            (self._folder / TORN).unlink(missing_ok=True)
        self.ready.append(Item(key, path, data=data))

    @property
    def waiting(self) -> int:
        return len(self._drafts) + len(self.ready)

    def remove(self) -> None:
        """The take is over and stored: nothing of it is needed here."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            path.unlink(missing_ok=True)
        self._folder.rmdir()

    # Room.

    def _drop_for(self, newcomer: Draft, reason: str) -> bool:
        """Give up the oldest video; audio only for audio, when there is no video."""
        video = next((index for index, (_, one) in enumerate(self._drafts) if one.is_video), None)
        index = video if video is not None else (None if newcomer.is_video or not self._drafts else 0)
        if index is None:
            return False
        number, draft = self._drafts[index]
        del self._drafts[index]
        self._segment(number).with_suffix(".json").unlink(missing_ok=True)
        self._segment(number).unlink(missing_ok=True)
        self._memory_bytes -= len(self._data_by_number.pop(number, b""))
        self.bytes -= draft.bytes
        self.dropped += 1
        self.note_gap(Gap(draft.track, draft.start_us, draft.end_us, reason))
        return True

    def _keep(self, draft: Draft, data: bytes) -> bool:
        """On disk, else in memory, else in place of what is worth less."""
        while not (self._write_segment(draft, data) or self._remember(draft, data)):
            if not self._drop_for(draft, DISK_REASON):
                return False
        self._drafts.append((self._number, draft))
        self._number += 1
        self.bytes += len(data)
        return True

    def _write_segment(self, draft: Draft, data: bytes) -> bool:
        path = self._segment(self._number)
        try:
            path.write_bytes(data)
            replace_or_raise(path.with_suffix(".json"), json.dumps(asdict(draft)).encode())
        except OSError as exc:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            self._note_no_disk("spool_write_failed", exc)
            return False
        self.has_disk = True
        return True

    def _remember(self, draft: Draft, data: bytes) -> bool:
        room = VIDEO_MEMORY_BYTES if draft.is_video else MEMORY_BYTES
        if self._memory_bytes + len(data) > room:
            return False
        self._data_by_number[self._number] = data
        self._memory_bytes += len(data)
        return True

    def _note_no_disk(self, event: str, error: OSError) -> None:
        self.has_disk = False
        log.warning(event, error=str(error))

    def _note_restart(self, draft: Draft) -> None:
        """The first segment of a track after a recorder died shows what was lost with it."""
        if draft.track in self._left_tracks:
            self._left_tracks.discard(draft.track)
            end_us = self.take.last_end(draft.track)
            if end_us is not None and end_us < draft.start_us:
                self.note_gap(Gap(draft.track, end_us, draft.start_us, "recorder_restarted"))

    # Files.

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            self._note_no_disk("spool_not_made", exc)

    def _segment(self, number: int) -> Path:
        return self._folder / f"{number:08d}.mkv"

    def _journal_path(self) -> Path:
        return self._folder / f"journal-{self.take.page:06d}.jsonl"

    def _journal(self, line: dict[str, Any]) -> None:
        try:
            with self._journal_path().open("a") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as exc:
            # What is recorded goes on. A recorder that started again from here would give the numbers of
            # stored segments to others: until the state is whole again it begins another take.
            self._note_no_disk("journal_failed", exc)
            with contextlib.suppress(OSError):
                # A name needs no room.
                (self._folder / TORN).touch()

    def _replace(self, path: Path, data: bytes) -> bool:
        try:
            replace_or_raise(path, data)
        except OSError as exc:
            self._note_no_disk("spool_write_failed", exc)
            return False
        return True

    # What a recorder has left.

    def _load(self, identity: TakeIdentity) -> Take:
        take = Take(identity)
        path = self._folder / STATE
        if path.exists():
            take = read_state(path, identity)
        newer = [one for one in journals_of(self._folder) if page_of(one) > take.page]
        if newer:
            # The disk was full when a page was closed: going on from before it would replace what is stored.
            raise ManifestError(f"{newer[0].name} is newer than the take's state")
        if (self._folder / TORN).exists():
            raise ManifestError("the take's journal lacks what happened while the disk was full")
        journal = self._folder / f"journal-{take.page:06d}.jsonl"
        if journal.exists():
            for line in lines_of(journal):
                take.replay(line)
        self._left_tracks = set(take.to_json()["endByTrack"])
        return take

    def _left(self) -> Iterator[Item]:
        """Pages and chained segments that were not stored; the others wait as drafts."""
        for path in sorted(self._folder.glob("page-*.page")):
            yield Item(f"{self.take.identity.prefix}pages/{path.stem.removeprefix('page-')}.json", path)
        left = self._left_drafts()
        self.bytes = sum(draft.bytes for draft in left.values())
        self._number = max(left, default=-1) + 1
        number_by_content = {_content(draft): number for number, draft in left.items()}
        for entry in self.take.waiting:
            # By what it holds: files are numbered anew where the last ones are gone.
            number = number_by_content.get(_content(entry))
            if number is None:
                # Its file goes when it is in the bucket.
                self.take.note_stored(entry)
            else:
                del left[number]
                yield Item(entry.key, self._segment(number), entry)
        self._drafts += left.items()

    def _left_drafts(self) -> dict[int, Draft]:
        """What each segment in the folder is, oldest first; half of one is removed."""
        left = {}
        for path in sorted(self._folder.glob("*.mkv")):
            draft = _read_draft(path.with_suffix(".json"))
            if draft is None:
                path.unlink(missing_ok=True)
            else:
                left[int(path.stem)] = draft
        return left


def _content(one: Draft | Entry) -> tuple[str, int, str]:
    return one.track, one.start_us, one.sha256


def replace_or_raise(path: Path, data: bytes) -> None:
    """Another content for a file, whole or not at all.

    Raises:
        OSError: The disk does not take it.
    """
    part = path.with_suffix(".part")
    part.write_bytes(data)
    os.replace(part, path)


def read_state(path: Path, identity: TakeIdentity) -> Take:
    """A take as its folder keeps it.

    Raises:
        ManifestError: The file holds something else.
        OSError: It cannot be read.
    """
    try:
        state = json.loads(path.read_bytes())
    except ValueError as exc:
        raise ManifestError(f"the kept state of a take is no JSON: {exc}") from exc
    return Take.from_json(identity, state)


def journals_of(folder: Path) -> list[Path]:
    """What happened since the last pages, the oldest first."""
    return sorted(folder.glob("journal-*.jsonl"), key=page_of)


def page_of(journal: Path) -> int:
    """The page that a journal's lines will be in."""
    number = journal.stem.removeprefix("journal-")
    return int(number) if number.isdigit() else 0


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal, as far as they are whole."""
    for line in path.read_text(errors="replace").splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            # The last line of a recorder that died in the middle of it.
            return
        if isinstance(value, dict):
            yield value


def _read_draft(path: Path) -> Draft | None:
    """A segment's description; None where it was not finished, and so the segment was not either."""
    try:
        fields = json.loads(path.read_bytes())
        lost = tuple(Span(**one) for one in fields.pop("lost"))
        return Draft(**fields, lost=lost)
    except (OSError, ValueError, TypeError, KeyError):
        return None
