"""The archive of all events: objects that never change, each of which names the one before by its hash.

An object is gzip of JSON lines: first what it is, then its events. A region writes several chains beside each
other, so that writers seldom wait. Whoever edits, removes or exchanges an object breaks its chain at the next
one, and at the last one against the head, which is kept elsewhere.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chalicelib.domain.events import Entry

LANES = 8
# What the first object of a chain names as the one before it.
NOTHING = "0" * 64
# Batches that a head remembers: one that is delivered again is found among them.
MOST_BATCHES = 50
FORMAT = 1
_KEY = re.compile(
    r"events/day=(?P<day>\d{4}-\d\d-\d\d)/region=(?P<region>[a-z0-9-]+)/lane=(?P<lane>\d)/"
    r"(?P<sequence>\d{12})-(?P<digest>[0-9a-f]{16})\.jsonl\.gz"
)


@dataclass(frozen=True)
class Head:
    """The end of a chain: how many objects it has, the hash of the last, what was put into it lately."""

    lane: int
    sequence: int = 0
    digest: str = NOTHING
    # When the last was written; None before the first.
    day: date | None = None
    batches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Previous:
    """What an object says of the one before it; None: nobody says it any more, or there is none."""

    digest: str | None
    day: date | None


UNKNOWN = Previous(None, None)


@dataclass(frozen=True)
class Named:
    """What an object's name says of it."""

    key: str
    lane: int
    sequence: int
    digest: str


def lane_of(batch: str) -> int:
    return zlib.crc32(batch.encode()) % LANES


def prefix_of(day: date, region: str) -> str:
    return f"events/day={day.isoformat()}/region={region}/"


def linked(
    head: Head, batch: str, region: str, day: date, entries: Sequence[Entry]
) -> tuple[str, bytes, Head]:
    """The next object of a chain: its key, its bytes, and the head that it makes."""
    sequence = head.sequence + 1
    first = {
        "format": FORMAT, "region": region, "lane": head.lane, "sequence": sequence, "previous": head.digest,
        "previousDay": head.day.isoformat() if head.day is not None else None, "events": len(entries),
    }  # fmt: skip
    lines = [first, *map(_line, entries)]
    text = "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)
    # Without a time in it, so that the same batch is the same object.
    body = gzip.compress(text.encode(), mtime=0)
    digest = hashlib.sha256(body).hexdigest()
    key = f"{prefix_of(day, region)}lane={head.lane}/{sequence:012}-{digest[:16]}.jsonl.gz"
    return key, body, Head(head.lane, sequence, digest, day, (*head.batches, batch)[-MOST_BATCHES:])


def _line(entry: Entry) -> dict[str, Any]:
    event = entry.event
    return {
        "id": event.id,
        "tenant": entry.tenant,
        "meeting": event.meeting,
        "number": event.number,
        "type": event.type,
        "at": event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": event.shown(),
    }


def named(key: str) -> Named | None:
    """What a key says; None for one that is no object of the archive."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    return Named(key, int(found["lane"]), int(found["sequence"]), found["digest"])


@dataclass(frozen=True)
class Verdict:
    """What looking at a chain has shown."""

    objects: int = 0
    # Sentences, each about one object that is missing or is not what it was.
    broken: tuple[str, ...] = ()
    # Objects that no chain names: a write that was overtaken left them, or somebody put them there.
    strays: tuple[str, ...] = ()

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(self.objects + other.objects, self.broken + other.broken, self.strays + other.strays)


def verify(head: Head, objects: Collection[Named], read: Callable[[str], bytes], first: date) -> Verdict:
    """Follow a chain from its head back to the last object before the first day.

    Args:
        objects: Those of the head's lane that were written from the first day on, none beyond the head.
        read: The bytes of an object.
    """
    seen: set[str] = set()
    broken: list[str] = []
    lowest = min((one.sequence for one in objects), default=head.sequence)
    wanted = Previous(head.digest, head.day)
    for sequence in range(head.sequence, 0, -1):
        if (wanted.day is not None and wanted.day < first) or (wanted == UNKNOWN and sequence < lowest):
            break
        chosen = _chosen([one for one in objects if one.sequence == sequence], wanted.digest)
        if chosen is None:
            broken.append(f"Object {sequence} of lane {head.lane} is missing.")
            wanted = UNKNOWN
            continue
        seen.add(chosen.key)
        body = read(chosen.key)
        digest = hashlib.sha256(body).hexdigest()
        if digest != (wanted.digest or digest) or not digest.startswith(chosen.digest):
            broken.append(f"{chosen.key} is not what was written.")
        wanted = _previous(body, chosen)
        if wanted == UNKNOWN:
            broken.append(f"{chosen.key} cannot be read.")
        elif (sequence == 1) is not (wanted.digest == NOTHING):
            broken.append(f"{chosen.key} is not in its place.")
    strays = sorted({one.key for one in objects} - seen)
    return Verdict(len(seen), tuple(broken), tuple(strays))


def _chosen(here: Sequence[Named], wanted: str | None) -> Named | None:
    """The object whose name fits the hash that the next one names; any, where that is not known."""
    fitting = [one for one in here if wanted is None or wanted.startswith(one.digest)]
    return fitting[0] if fitting else None


def _previous(body: bytes, chosen: Named) -> Previous:
    """The object before, as the object says; UNKNOWN if it is none of this place."""
    try:
        first = json.loads(gzip.decompress(body).split(b"\n", 1)[0])
        place = (first["lane"], first["sequence"])
        day = first["previousDay"]
        previous = Previous(first["previous"], date.fromisoformat(day) if day is not None else None)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error):
        return UNKNOWN
    return previous if place == (chosen.lane, chosen.sequence) else UNKNOWN


def of_lane(keys: Iterable[str], lane: int) -> list[Named]:
    return [one for one in map(named, keys) if one is not None and one.lane == lane]
