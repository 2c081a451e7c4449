"""The segments of all takes of a recording: which there are, which are whole, which one to show when.

Kept in SQLite on disk, so that a recording of any length needs the same memory. Takes come best first;
what the first does not hold is taken from the next.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from media_node.recording.composition.axis import merged, without
from media_node.recording.composition.plan import HELD_US
from media_node.recording.manifest import Entry, Gap, Message, Span

# Ends and begins of segments differ by less, and another take is not asked for that.
SLACK_US = 60_000
# No segment is longer; a clock that jumped makes ones that seem so.
LONGEST_SEGMENT_US = 60_000_000
# Why there is no segment although nothing was lost, as recorders name it.
INTENDED_GAPS = frozenset({"muted", "paused", "silent", "ended", "stopped"})

TABLES = """
CREATE TABLE segments (
    id INTEGER PRIMARY KEY, take INTEGER, track TEXT, sequence INTEGER, object TEXT,
    start_us INTEGER, end_us INTEGER, size INTEGER, sha256 TEXT, codec TEXT, bad TEXT
);
CREATE INDEX by_time ON segments (track, start_us);
CREATE UNIQUE INDEX by_object ON segments (object);
CREATE TABLE tracks (track TEXT PRIMARY KEY, participant TEXT, source TEXT, start_us INTEGER, end_us INTEGER);
CREATE TABLE lost (segment TEXT, start_us INTEGER, end_us INTEGER);
CREATE INDEX lost_of ON lost (segment);
CREATE TABLE gaps (track TEXT, start_us INTEGER, end_us INTEGER);
CREATE INDEX gap_by_time ON gaps (track, start_us);
CREATE TABLE messages (id TEXT PRIMARY KEY, participant TEXT, text TEXT, at_us INTEGER);
CREATE TABLE faults (object TEXT, text TEXT);
"""


@dataclass(frozen=True)
class Track:
    id: str
    participant: str
    source: str
    start_us: int
    end_us: int


@dataclass(frozen=True)
class Segment:
    key: str
    track: str
    codec: str
    start_us: int
    end_us: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Clip:
    """A part of a segment that is to be shown."""

    segment: Segment
    span: Span


@dataclass(frozen=True)
class Piece:
    """A whole segment, the take that has it, and what it lost."""

    take: int
    segment: Segment
    lost: tuple[Span, ...]


class Catalog:
    """All segments, by track and time."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        # A page cache of 4 MiB, whatever the size of the recording.
        self._database.execute("PRAGMA cache_size = -4096")
        self._database.executescript(TABLES)

    def close(self) -> None:
        self._database.close()

    # In.

    def add(self, take: int, entries: Iterable[Entry]) -> None:
        """Enter segments of a take; one whose object is known already is left out."""
        self._database.execute("BEGIN")
        for entry in entries:
            self._add(take, entry)
        self._database.execute("COMMIT")

    def _add(self, take: int, entry: Entry) -> None:
        row = (take, entry.track, entry.sequence, entry.key, entry.start_us, entry.end_us)
        rest = (entry.bytes, entry.sha256, entry.codec)
        self._database.execute(
            "INSERT OR IGNORE INTO segments"
            " (take, track, sequence, object, start_us, end_us, size, sha256, codec)"
            " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE NOT EXISTS (SELECT 1 FROM segments"
            # What a recorder that died has stored is stored again where its state was broken.
            " WHERE track = ?2 AND start_us = ?5 AND take = ?1 AND sha256 = ?8 AND object != ?4)",
            (*row, *rest),
        )
        self._database.executemany(
            "INSERT INTO lost VALUES (?, ?, ?)",
            [(entry.key, span.start_us, span.end_us) for span in entry.lost],
        )
        self._database.execute(
            "INSERT INTO tracks VALUES (?, ?, ?, ?, ?) ON CONFLICT (track) DO UPDATE SET"
            " start_us = min(start_us, excluded.start_us), end_us = max(end_us, excluded.end_us)",
            (entry.track, entry.participant, entry.source, entry.start_us, entry.end_us),
        )

    def add_gaps(self, gaps: Iterable[Gap]) -> None:
        self._database.executemany(
            "INSERT INTO gaps VALUES (?, ?, ?)",
            [(gap.track, gap.start_us, gap.end_us) for gap in gaps if gap.reason not in INTENDED_GAPS],
        )

    def add_messages(self, messages: Iterable[Message]) -> None:
        """What was written; a message that another page or take has too is the same one."""
        self._database.executemany(
            "INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?)",
            [(one.id, one.participant, one.text, one.at_us) for one in messages],
        )

    def mark_bad(self, key: str, text: str) -> None:
        """The segment is not whole: it is not shown, and where no other is there, its time is a gap."""
        self._database.execute("UPDATE segments SET bad = ? WHERE object = ?", (text, key))
        self.note(key, text)

    def note(self, where: str, text: str) -> None:
        self._database.execute("INSERT INTO faults VALUES (?, ?)", (where, text))

    def mark_missing_sequences(self) -> None:
        """Where a track's numbers have a hole, the time between the neighbours is a gap."""
        self._database.execute(
            "INSERT INTO gaps SELECT track, before_us, start_us FROM ("
            " SELECT track, start_us, sequence,"
            " lag(end_us) OVER one AS before_us, lag(sequence) OVER one AS before FROM segments"
            " WINDOW one AS (PARTITION BY take, track ORDER BY sequence))"
            " WHERE sequence > before + 1 AND start_us > before_us"
        )

    # Out.

    def knows(self, key: str) -> bool:
        return self._one("SELECT 1 FROM segments WHERE object = ?", key) is not None

    def faults(self, most: int) -> tuple[int, list[tuple[str, str]]]:
        """How many there are, and the first of them: `(object, what is wrong with it)`."""
        count = self._one("SELECT count(*) FROM faults")
        rows = self._database.execute("SELECT object, text FROM faults LIMIT ?", (most,)).fetchall()
        return (count[0] if count else 0), rows

    def messages(self) -> Iterator[Message]:
        """By when they were written."""
        rows = self._database.execute("SELECT * FROM messages ORDER BY at_us, id")
        return (Message(*row) for row in rows)

    def end_us(self) -> int | None:
        """When the last segment ends."""
        row = self._one("SELECT max(end_us) FROM tracks")
        return row[0] if row else None

    def take_life(self, take: int) -> Span | None:
        """From the first segment of a take to the end of its last."""
        row = self._one("SELECT min(start_us), max(end_us) FROM segments WHERE take = ?", take)
        return Span(row[0], row[1]) if row and row[0] is not None else None

    def tracks(self, span: Span) -> list[Track]:
        """Those that have something in that time, by when they began."""
        rows = self._database.execute(
            "SELECT * FROM tracks WHERE start_us < ? AND end_us > ? ORDER BY start_us, track",
            (span.end_us, span.start_us),
        )
        return [Track(*row) for row in rows]

    def named(self, names: Iterable[str]) -> Iterator[Track]:
        """The tracks of these names."""
        for name in names:
            rows = self._database.execute("SELECT * FROM tracks WHERE track = ?", (name,))
            yield from (Track(*row) for row in rows)

    def every_track(self) -> Iterator[Track]:
        rows = self._database.execute("SELECT * FROM tracks ORDER BY start_us, track")
        return (Track(*row) for row in rows)

    def clips(self, track: str, span: Span) -> list[Clip]:
        """What to show of a track: whole segments, the best take first, without overlap, by time.

        Where the best take lost packets, another one that has them is shown; where none has, the best.
        """
        chosen: list[Clip] = []
        rows = list(self._segments(track, span))
        for _, of_take in itertools.groupby(rows, key=lambda row: row[0]):
            better = [clip.span for clip in chosen]
            for _, segment, lost in of_take:
                taken = merged([*better, *lost], SLACK_US)
                chosen += [Clip(segment, part) for part in without(_cut(segment, span), taken)]
        covered = merged([clip.span for clip in chosen], SLACK_US)
        for _, segment, lost in rows:
            for part in without(_cut(segment, span), covered) if lost else ():
                if part.end_us - part.start_us <= HELD_US:
                    chosen.append(Clip(segment, part))
                    covered = merged([*covered, part], SLACK_US)
        return _joined(sorted(chosen, key=lambda clip: clip.span.start_us))

    def pieces(self, track: str) -> list[Piece]:
        """Every whole segment of a track, of all takes, by when they begin."""
        found = self._segments(track, Span(0, 1 << 62))
        pieces = [Piece(take, segment, tuple(lost)) for take, segment, lost in found]
        return sorted(pieces, key=lambda one: (one.segment.start_us, one.take))

    def losses(self, track: str, span: Span) -> list[Span]:
        """Time of which something was recorded, or should have been, and nothing whole is there."""
        rows = self._database.execute(
            "SELECT start_us, end_us FROM gaps WHERE track = ?1 AND start_us < ?2 AND end_us > ?3"
            " UNION ALL SELECT start_us, end_us FROM segments WHERE track = ?1 AND bad IS NOT NULL"
            " AND start_us < ?2 AND start_us > ?4 AND end_us > ?3"
            " UNION ALL SELECT lost.start_us, lost.end_us FROM lost JOIN segments ON object = segment"
            " WHERE track = ?1 AND segments.start_us < ?2 AND segments.start_us > ?4 AND lost.end_us > ?3",
            (track, span.end_us, span.start_us, span.start_us - LONGEST_SEGMENT_US),
        ).fetchall()
        spans = merged([Span(max(start, span.start_us), min(end, span.end_us)) for start, end in rows])
        shown = merged([clip.span for clip in self.clips(track, span)])
        return [left for one in spans for left in without(one, shown)]

    def _segments(self, track: str, span: Span) -> Iterator[tuple[int, Segment, list[Span]]]:
        rows = self._database.execute(
            "SELECT take, object, track, codec, start_us, end_us, size, sha256 FROM segments WHERE track = ?"
            " AND start_us < ? AND start_us > ? AND end_us > ? AND bad IS NULL ORDER BY take, start_us",
            (track, span.end_us, span.start_us - LONGEST_SEGMENT_US, span.start_us),
        ).fetchall()
        for take, *rest in rows:
            segment = Segment(*rest)
            yield take, segment, self._lost(segment.key)

    def _lost(self, key: str) -> list[Span]:
        rows = self._database.execute("SELECT start_us, end_us FROM lost WHERE segment = ?", (key,))
        return merged([Span(start, end) for start, end in rows])

    def _one(self, query: str, *values: object) -> tuple[int, ...] | None:
        row: tuple[int, ...] | None = self._database.execute(query, values).fetchone()
        return row


def _cut(segment: Segment, span: Span) -> Span:
    return Span(max(segment.start_us, span.start_us), min(segment.end_us, span.end_us))


def _joined(clips: list[Clip]) -> list[Clip]:
    """Parts of one segment that touch as one, so that it is decoded once."""
    joined: list[Clip] = []
    for clip in clips:
        last = joined[-1] if joined else None
        if last and last.segment == clip.segment and clip.span.start_us <= last.span.end_us:
            joined[-1] = Clip(clip.segment, Span(last.span.start_us, max(last.span.end_us, clip.span.end_us)))
        else:
            joined.append(clip)
    return joined
