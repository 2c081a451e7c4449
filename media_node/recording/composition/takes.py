"""Reading what recorders wrote: manifest pages and entries of takes in S3 into a catalog, each held to its
chain.

One page is in memory at a time. An entry that the chain does not vouch for is a fault, and its segment is
not shown; a page that is missing is read back from what its objects carry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from media_node.errors import ManifestError
from media_node.recording.composition.buckets import Buckets
from media_node.recording.composition.catalog import LONGEST_SEGMENT_US, Catalog
from media_node.recording.manifest import Entry, Page, Span, parse_entry, parse_page

# Clocks of nodes and of the control plane differ by that much at most, or the segment is of another time.
CLOCK_TOLERANCE_US = 600_000_000


@dataclass(frozen=True)
class Take:
    """What is known of one: when its recorder lived, and whether it ended because it was to."""

    prefix: str
    life: Span | None
    is_final: bool


@dataclass
class _Ending:
    """What the pages of a take say of its life."""

    is_final: bool = False
    is_failed: bool = False
    known_us: list[int] = field(default_factory=list)

    def note(self, page: Page) -> None:
        self.is_final = page.is_final
        self.is_failed = self.is_failed or any(one.state == "failed" for one in page.health)
        self.known_us += [one.at_us for one in page.health]


class TakeReader:
    """Reads the takes of one recording."""

    def __init__(self, buckets: Buckets, catalog: Catalog, recording: str, started_us: int) -> None:
        self._buckets = buckets
        self._catalog = catalog
        self._recording = recording
        self._earliest_us = started_us - CLOCK_TOLERANCE_US
        # Of the KMS key that the segments are kept with; what is made of them is kept with it, too.
        self.key_id: str | None = None

    def read(self, prefixes: Sequence[str]) -> list[Take]:
        """Enter all segments of the takes, best first.

        Raises:
            botocore's errors: S3 does not answer.
        """
        takes = []
        for number, prefix in enumerate(prefixes):
            ending = self._read_pages(number, prefix)
            self._read_objects(number, prefix)
            takes.append(Take(prefix, self._life(number, ending), ending.is_final and not ending.is_failed))
        self._catalog.mark_missing_sequences()
        return takes

    def _life(self, take: int, ending: _Ending) -> Span | None:
        """From the first that is known of a take to the last, segments or not."""
        life = self._catalog.take_life(take)
        known = [one for one in ending.known_us if one > self._earliest_us]
        known += [life.start_us, life.end_us] if life else []
        return Span(min(known), max(known)) if known else None

    def _read_pages(self, take: int, prefix: str) -> _Ending:
        before: Page | None = None
        # The last entry waits for the next one, which says what it was.
        waiting: Entry | None = None
        ending = _Ending()
        for key in self._buckets.keys(f"{prefix}pages/", ".json"):
            page = self._page(key)
            if page is None:
                self._enter(take, prefix, waiting)
                before = waiting = None
                continue
            follows = before is not None and page.number == before.number + 1
            if follows and before is not None and page.previous_page != before.digest:
                self._catalog.note(key, "follows another page than the one before it")
            elif not follows and not (before is None and page.number == 0):
                self._catalog.note(key, "a page before it is missing")
                self._enter(take, prefix, waiting)
                waiting = None
            for entry in page.entries:
                vouched = waiting is None or entry.previous == waiting.digest
                self._enter(take, prefix, waiting, vouched)
                waiting = entry
            self._catalog.add_gaps(page.gaps)
            self._catalog.add_messages(page.messages)
            ending.note(page)
            before = page
        self._enter(take, prefix, waiting)
        return ending

    def _enter(self, take: int, prefix: str, entry: Entry | None, vouched: bool = True) -> None:
        if entry is None:
            return
        expected = f"{prefix}{entry.track}/{entry.sequence:06d}.mkv"
        if entry.key != expected:
            self._catalog.note(entry.key, f"an entry of the take {prefix} names an object elsewhere")
        elif not self._earliest_us < entry.start_us:
            self._catalog.note(entry.key, "its time is long before the recording began")
        elif not 0 < entry.end_us - entry.start_us <= LONGEST_SEGMENT_US:
            self._catalog.note(entry.key, "its length cannot be: the clock jumped")
        else:
            self._catalog.add(take, [entry])
            self.key_id = entry.key_id or self.key_id
            if not vouched:
                self._catalog.mark_bad(entry.key, "its entry was changed: the next one names another")

    def _page(self, key: str) -> Page | None:
        try:
            page = parse_page(self._buckets.read(key) or b"")
        except ManifestError as exc:
            self._catalog.note(key, str(exc))
            return None
        if page.recording != self._recording:
            self._catalog.note(key, f"a page of {page.recording}")
            return None
        return page

    def _read_objects(self, take: int, prefix: str) -> None:
        """Segments that no page lists: those behind the last page of a recorder that died."""
        for key in self._buckets.keys(prefix, ".mkv"):
            if self._catalog.knows(key):
                continue
            metadata = self._buckets.metadata(key) or {}
            try:
                entry = parse_entry(metadata.get("parley-entry", ""))
            except ManifestError as exc:
                self._catalog.note(key, f"no page lists it, and what it carries says nothing: {exc}")
                continue
            if entry.key != key:
                self._catalog.note(key, f"it carries the entry of {entry.key}")
                continue
            self._enter(take, prefix, entry)


def holes(takes: Sequence[Take], started_us: int, ended_us: int) -> list[Span]:
    """When nothing was recorded because recorders had died: from the end of one to the begin of another.

    A take that ended because it was to lost nothing at its end; what is before the first take is only that
    nobody was there yet.
    """
    lives = [take.life for take in takes if take.life is not None]
    found = []
    for take in takes:
        if take.is_final or take.life is None:
            continue
        end = take.life.end_us
        if any(one.start_us <= end < one.end_us for one in lives):
            continue
        following = min((one.start_us for one in lives if one.start_us >= end), default=ended_us)
        if following > end:
            found.append(Span(max(end, started_us), min(following, ended_us)))
    return [span for span in found if span.end_us > span.start_us]
