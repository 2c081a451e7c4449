"""Segments from S3 to files, each held to its hash: what is not whole is not shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from media_node.recording.composition.buckets import Buckets
from media_node.recording.composition.catalog import Catalog, Segment

# S3 answers in tens of milliseconds; a minute of four people has some 240 segments.
THREADS = 8
# A segment of two seconds has about 1 MB; memory is kept for so many of this size at once, no more.
MOST_BYTES = 24 * 1024 * 1024


class Fetcher:
    """Keeps the files of one minute in a folder."""

    def __init__(self, buckets: Buckets, catalog: Catalog, folder: Path) -> None:
        self._buckets = buckets
        self._catalog = catalog
        self._folder = folder
        self._path_by_key: dict[str, Path] = {}

    def fetch(self, segments: Iterable[Segment]) -> bool:
        """Fetch what is not there yet; whether all are whole. Those that are not are marked in the catalog.

        Raises:
            botocore's errors: S3 does not answer.
        """
        missing = {one.key: one for one in segments if one.key not in self._path_by_key}
        if not missing:
            return True
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(self._fetch, missing.values(), range(len(missing))))
        are_whole = True
        for segment, outcome in zip(missing.values(), outcomes, strict=True):
            if isinstance(outcome, Path):
                self._path_by_key[segment.key] = outcome
            else:
                self._catalog.mark_bad(segment.key, outcome)
                are_whole = False
        return are_whole

    def path(self, key: str) -> Path:
        return self._path_by_key[key]

    def clear(self) -> None:
        """Delete the files."""
        for path in self._path_by_key.values():
            path.unlink(missing_ok=True)
        self._path_by_key.clear()

    def _fetch(self, segment: Segment, number: int) -> Path | str:
        """The file, or what is wrong with the segment."""
        if segment.bytes > MOST_BYTES:
            return f"{segment.bytes} bytes are more than a segment may have"
        data = self._buckets.read(segment.key, segment.bytes + 1)
        if data is None:
            return "the segment is missing"
        if len(data) != segment.bytes or hashlib.sha256(data).hexdigest() != segment.sha256:
            return "the segment was changed: its hash is not the one of its entry"
        path = self._folder / f"{len(self._path_by_key)}-{number}.mkv"
        path.write_bytes(data)
        return path
