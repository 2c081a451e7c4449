"""Whether a take is whole: its pages, the entries that its objects carry, its segments' bytes.

Pure: parsed values in, problems out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from media_node.recording.manifest import Entry, Page

ProblemKind = Literal[
    "page_missing", "page_changed", "entry_missing", "entry_changed", "unfinished", "foreign"
]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a take; `where` is an object key, a page number or empty for the whole."""

    kind: ProblemKind
    where: str
    text: str


def verify_chain(pages: Sequence[Page], entries: Iterable[Entry] = ()) -> list[Problem]:
    """What is wrong with a take's pages and the entries that its objects carry; empty when whole.

    Args:
        pages: As parsed, in any order, shape (n,); an empty take has one final page.
        entries: Those of the objects' metadata, in any order; all, some, or those behind the last page.

    Returns:
        Problems in the order of the take. `unfinished` is told where no page is final: the recorder died, and
        what it wrote behind its last page is known by its objects alone.
    """
    ordered = sorted(pages, key=lambda page: page.number)
    listed = [entry for page in ordered for entry in page.entries]
    carried = list(entries)
    problems = _verify_pages(ordered)
    problems += _verify_listed(listed)
    problems += _verify_carried(listed, carried)
    behind = _entries_behind(listed, carried)
    problems += _verify_sequences([*listed, *behind])
    if not any(page.is_final for page in ordered):
        problems.append(
            Problem("unfinished", "", "no page is the final one: the recorder did not end by itself")
        )
    return problems


def order_entries(pages: Sequence[Page], entries: Iterable[Entry] = ()) -> list[Entry]:
    """A take's entries in the order of its chain: those of its pages, then those that only objects carry."""
    listed = [entry for page in sorted(pages, key=lambda page: page.number) for entry in page.entries]
    return [*listed, *_entries_behind(listed, list(entries))]


def verify_segment(entry: Entry, data: bytes) -> Problem | None:
    """Whether a segment's bytes are those that its entry names."""
    if len(data) != entry.bytes:
        text = f"the segment has {len(data)} bytes, its entry says {entry.bytes}"
        return Problem("entry_changed", entry.key, text)
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        return Problem("entry_changed", entry.key, "the segment's SHA-256 is not the one of its entry")
    return None


def _verify_pages(pages: Sequence[Page]) -> list[Problem]:
    problems = []
    previous: Page | None = None
    for page in pages:
        expected = 0 if previous is None else previous.number + 1
        if page.number != expected:
            missing = f"{expected}" if page.number == expected + 1 else f"{expected} to {page.number - 1}"
            text = (
                f"page {missing} is missing" if page.number > expected else f"page {page.number} comes twice"
            )
            problems.append(Problem("page_missing", f"page {expected}", text))
        elif page.previous_page != (previous.digest if previous is not None else None):
            text = f"page {page.number} follows another page than the one before it"
            problems.append(Problem("page_changed", f"page {max(0, page.number - 1)}", text))
        if previous is not None and _identity(page) != _identity(previous):
            problems.append(Problem("foreign", f"page {page.number}", "the page is of another take"))
        previous = page
    if previous is not None and any(page.is_final for page in pages[:-1]):
        problems.append(Problem("foreign", f"page {previous.number}", "pages follow the final one"))
    return problems


def _identity(page: Page) -> tuple[str, str, str, str]:
    return page.recording, page.meeting, page.node, page.role


def _verify_listed(listed: Sequence[Entry]) -> list[Problem]:
    """The chain through the entries of the pages."""
    problems = []
    previous: str | None = None
    for entry in listed:
        if entry.previous != previous:
            text = "an entry before it was changed, taken out or put in"
            problems.append(Problem("entry_changed", entry.key, text))
        previous = entry.digest
    return problems


def _verify_carried(listed: Sequence[Entry], carried: Sequence[Entry]) -> list[Problem]:
    """What objects carry against what pages list, and what no chain leads to."""
    entry_by_key = {entry.key: entry for entry in listed}
    behind = {entry.key for entry in _entries_behind(listed, carried)}
    problems = []
    for entry in carried:
        known = entry_by_key.get(entry.key)
        if known is not None and known != entry:
            problems.append(
                Problem("entry_changed", entry.key, "the object carries another entry than its page")
            )
        elif known is None and entry.key not in behind:
            text = "no chain of entries leads to the object: one before it is missing, or it is foreign"
            problems.append(Problem("entry_missing", entry.key, text))
    return problems


def _entries_behind(listed: Sequence[Entry], carried: Sequence[Entry]) -> list[Entry]:
    """Entries that only objects carry, as far as the chain leads from the last one listed."""
    known = {entry.key for entry in listed}
    entry_by_previous = {entry.previous: entry for entry in carried if entry.key not in known}
    previous = listed[-1].digest if listed else None
    found: list[Entry] = []
    while (entry := entry_by_previous.pop(previous, None)) is not None:
        found.append(entry)
        previous = entry.digest
    return found


def _verify_sequences(entries: Sequence[Entry]) -> list[Problem]:
    problems = []
    next_by_track: dict[str, int] = {}
    for entry in entries:
        expected = next_by_track.get(entry.track, 0)
        if entry.sequence != expected:
            text = f"segment {entry.sequence} of {entry.track} where {expected} should be"
            problems.append(Problem("entry_missing", entry.key, text))
        next_by_track[entry.track] = entry.sequence + 1
    return problems
