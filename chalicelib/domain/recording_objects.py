"""What of a recording lies in S3: its timeline, its composer's job, the list of what was deleted.

Formats as docs/recording.md has them; the composer and the node read and write the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.domain.composition import Composition
from chalicelib.domain.events import Event
from chalicelib.domain.identifiers import RecordingId
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.participant import Participant
from chalicelib.domain.recording import Recording, Tombstone, pauses_until, prefixes_best_first


@dataclass(frozen=True)
class RecordingPlace:
    """Where a node writes a recording, and the key that S3 encrypts it with; None: the bucket's own."""

    bucket: str
    backup_bucket: str | None = None
    kms_key: str | None = None


def place_of(
    region: str, bucket: str, backup_bucket: str | None = None, kms_key: str | None = None
) -> RecordingPlace:
    """The place in a region, where the names of buckets may hold "{region}"."""
    backup = backup_bucket.replace("{region}", region) if backup_bucket is not None else None
    return RecordingPlace(bucket.replace("{region}", region), backup, kms_key)


@dataclass(frozen=True)
class RecordingSource:
    """Where a second recorder receives a meeting from, and the token that lets it in there."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class StoredObject:
    bucket: str
    key: str
    size_bytes: int
    # S3's own digest of the bytes.
    etag: str


def job_of(recording: Recording, composition: Composition, bucket: str) -> dict[str, Any]:
    """What a composer is told; the same each time."""
    return {
        "job": composition.job,
        "recording": recording.id,
        "meeting": recording.meeting,
        "bucket": bucket,
        "prefixes": prefixes_best_first(recording),
        "timelineKey": timeline_key(composition),
        "output": composition.output,
        "kind": composition.kind,
        "layout": composition.layout or recording.layout,
        "rearrangements": [
            {"at": _text(one.at), "layout": one.layout}
            for one in (recording.rearrangements if composition.layout is None else ())
        ],
    }


def track_files_prefix(composition: Composition) -> str:
    """Under which the joined tracks of a composition lie."""
    return f"{composition.output}tracks/"


def timeline_key(composition: Composition) -> str:
    return f"{composition.output}timeline.json"


def timeline_of(
    meeting: Meeting, recording: Recording, people: Iterable[Participant], events: Iterable[Event]
) -> dict[str, Any]:
    """Who was there and what happened, as far as a film of the meeting shows it."""
    ended = recording.ended_at or recording.requested_at
    pauses = pauses_until(recording, ended)
    return {
        "meeting": {"id": meeting.id, "title": meeting.title},
        "participants": [{"id": one.id, "displayName": one.display_name, "role": one.role} for one in people],
        "events": [
            {"number": one.number, "type": one.type, "time": _text(one.at), "data": one.shown()}
            for one in events
        ],
        "recording": {
            "id": recording.id,
            "startedAt": _text(recording.started_at or recording.requested_at),
            "endedAt": _text(ended),
            "pauses": [{"from": _text(since), "to": _text(until)} for since, until in pauses],
        },
    }


def prefixes_of(recording: Recording) -> list[str]:
    """Every prefix under which something of it may lie."""
    takes = [take.prefix for take in recording.takes]
    return [*takes, *(composition.output for composition in recording.compositions)]


def deletion_list_key(recording: RecordingId) -> str:
    return f"deleted/{recording}.jsonl"


def deletion_list(objects: Iterable[StoredObject]) -> bytes:
    """A line for each object that is deleted: what it was called, how long it was, what was in it."""
    entries = (
        {"bucket": one.bucket, "key": one.key, "bytes": one.size_bytes, "etag": one.etag} for one in objects
    )
    lines = (json.dumps(entry, separators=(",", ":")) for entry in entries)
    return "".join(f"{line}\n" for line in lines).encode()


def read_deletion_list(body: bytes) -> list[StoredObject]:
    entries = [json.loads(line) for line in body.decode().splitlines()]
    return [StoredObject(one["bucket"], one["key"], one["bytes"], one["etag"]) for one in entries]


def tombstone_of(
    recording: Recording, body: bytes, objects: Sequence[StoredObject], now: datetime
) -> Tombstone:
    return Tombstone(
        deleted_at=now,
        deleted_by=recording.deleted_by or "",
        objects=len(objects),
        size_bytes=sum(one.size_bytes for one in objects),
        digest=hashlib.sha256(body).hexdigest(),
        list_key=deletion_list_key(recording.id),
    )


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
