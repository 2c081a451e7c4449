"""A recording's take in a folder, held to its manifest: pages, chain of entries, bytes of segments.

Written from docs/recording.md alone: what checks a recorder's work shares no code with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley.errors import TakeError


@dataclass
class Verdict:
    """What was looked at, and each thing that is wrong as a sentence."""

    pages: int
    segments: int
    problems: list[str]
    # The recorder died: what it wrote behind its last page cannot be told from a folder.
    is_unfinished: bool


def verify_take(folder: Path) -> Verdict:
    """Check a take that was downloaded as it is: `pages/…json` and `{track}/…mkv`.

    Raises:
        TakeError: There are no pages, or one cannot be read.
    """
    paths = sorted(folder.glob("pages/*.json"))
    if not paths:
        raise TakeError(f"{folder} holds no pages/*.json: it is not a take")
    verdict = Verdict(len(paths), 0, [], True)
    page_digest: str | None = None
    entry_digest: str | None = None
    next_by_track: dict[str, int] = {}
    listed: set[Path] = set()
    for number, path in enumerate(paths):
        data = path.read_bytes()
        page = _parse_page(path, data)
        verdict.problems += _page_problems(path, page, number, page_digest, verdict)
        page_digest = hashlib.sha256(data).hexdigest()
        verdict.is_unfinished = page["final"] is not True
        for entry in page["entries"]:
            verdict.segments += 1
            verdict.problems += _chain_problems(entry, entry_digest, next_by_track)
            entry_digest = hashlib.sha256(_canonical(entry)).hexdigest()
            segment = folder / str(entry["track"]) / f"{entry['sequence']:06d}.mkv"
            listed.add(segment)
            verdict.problems += _segment_problems(segment, entry)
    if not verdict.is_unfinished:
        verdict.problems += [
            f"{path.relative_to(folder)} is in no page" for path in _segments(folder) if path not in listed
        ]
    return verdict


def _segments(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob("*/*.mkv")))


def _parse_page(path: Path, data: bytes) -> dict[str, Any]:
    try:
        page = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise TakeError(f"{path} is no JSON: {exc}") from exc
    if not isinstance(page, dict) or page.get("version") != 1:
        raise TakeError(f"{path} is no page of version 1")
    entries = page.get("entries")
    if not isinstance(entries, list) or not all(_is_entry(entry) for entry in entries) or "final" not in page:
        raise TakeError(f"{path} lists entries that cannot be read")
    return page


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    texts = (entry.get("track"), entry.get("sha256"))
    numbers = (entry.get("sequence"), entry.get("bytes"))
    # A track's name becomes a folder's.
    is_plain = isinstance(texts[0], str) and "/" not in texts[0] and texts[0] not in (".", "..")
    return is_plain and isinstance(texts[1], str) and all(isinstance(number, int) for number in numbers)


def _page_problems(
    path: Path, page: dict[str, Any], number: int, before: str | None, verdict: Verdict
) -> Iterator[str]:
    if page.get("page") != number:
        yield f"{path.name} has the number {page.get('page')} where {number} should be: a page is missing"
    elif page.get("previousPage") != before:
        yield f"{path.name} follows another page than the one before it, which was changed"
    if number > 0 and not verdict.is_unfinished:
        yield f"{path.name} follows the final page"


def _chain_problems(
    entry: dict[str, Any], before: str | None, next_by_track: dict[str, int]
) -> Iterator[str]:
    name = f"{entry['track']}/{entry['sequence']:06d}"
    if entry.get("previous") != before:
        yield f"{name}: an entry before it was changed, taken out or put in"
    expected = next_by_track.get(entry["track"], 0)
    if entry["sequence"] != expected:
        yield f"{name} comes where segment {expected} of its track should be"
    next_by_track[entry["track"]] = entry["sequence"] + 1


def _segment_problems(path: Path, entry: dict[str, Any]) -> Iterator[str]:
    name = f"{path.parent.name}/{path.name}"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        yield f"{name} is missing"
        return
    except OSError as exc:
        yield f"{name} cannot be read: {exc.strerror}"
        return
    if len(data) != entry["bytes"] or hashlib.sha256(data).hexdigest() != entry["sha256"]:
        yield f"{name} is not what was written"


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
