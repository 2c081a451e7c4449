"""What recordings need of stores, in memory. They pass the same tests as the ones over DynamoDB and S3."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.identifiers import RecordingId, Tenant, UserId
from chalicelib.domain.recording import Recording
from chalicelib.domain.recording_access import Opened
from chalicelib.domain.recording_changes import DueKind, due_of
from chalicelib.domain.recording_objects import StoredObject
from chalicelib.errors import StoreUnavailableError
from tests.support.memory_stores import MemoryMeetings


class MemoryRecordings:
    """Reads what MemoryMeetings writes."""

    def __init__(self, meetings: MemoryMeetings) -> None:
        self._meetings = meetings
        self._opened: list[tuple[str, Opened]] = []

    def by_id(self, recording: RecordingId) -> Recording | None:
        return self._meetings.recording_by_id.get(recording)

    def page(
        self, tenant: Tenant, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Recording], str | None]:
        mine = [one for one in self._meetings.recording_by_id.values() if one.tenant == tenant]
        return _page(mine, state, limit, after)

    def page_of(
        self, organiser: UserId, state: str | None, limit: int, after: str | None
    ) -> tuple[list[Recording], str | None]:
        mine = [one for one in self._meetings.recording_by_id.values() if one.organiser == organiser]
        return _page(mine, state, limit, after)

    def due(self, kind: DueKind, region: str, now: datetime, limit: int) -> list[RecordingId]:
        there = [one for one in self._meetings.recording_by_id.values() if one.region == region]
        dues = [(one.id, due_of(one)) for one in there]
        return [name for name, due in dues if due is not None and due[0] == kind and due[1] <= now][:limit]

    def note_opened(self, opened: Opened) -> None:
        self._opened.append((f"{opened.at.isoformat()}#{len(self._opened):04}", opened))

    def opened(
        self, recording: RecordingId, limit: int, before: str | None
    ) -> tuple[list[Opened], str | None]:
        mine = [(mark, one) for mark, one in self._opened if one.recording == recording]
        rest = [entry for entry in sorted(mine, reverse=True, key=lambda entry: entry[0])
                if before is None or entry[0] < before]  # fmt: skip
        return [one for _, one in rest[:limit]], rest[limit - 1][0] if len(rest) > limit else None


def _page(
    mine: list[Recording], state: str | None, limit: int, after: str | None
) -> tuple[list[Recording], str | None]:
    def mark(one: Recording) -> str:
        return f"{one.requested_at.strftime('%Y-%m-%dT%H:%M:%S.%f')}#{one.id}#{one.meeting}"

    newest_first = sorted((one for one in mine if state in (None, one.state)), key=mark, reverse=True)
    rest = [one for one in newest_first if after is None or mark(one) < after]
    return rest[:limit], mark(rest[limit - 1]) if len(rest) > limit else None


class MemoryObjects:
    """Two buckets; `refuses` lets every call fail, as an S3 does that is away."""

    def __init__(self) -> None:
        self.body_by_key: dict[tuple[str, str], bytes] = {}
        self.refuses = False

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self._answer()
        self.body_by_key["main", key] = body

    def put_backup(self, key: str, body: bytes) -> None:
        self.body_by_key["backup", key] = body

    def read(self, key: str) -> bytes | None:
        self._answer()
        return self.body_by_key.get(("main", key))

    def page(self, prefix: str, after: str | None, limit: int) -> list[StoredObject]:
        self._answer()
        listed = [one for one in self._listed(prefix) if one.bucket == "main"]
        return [one for one in listed if after is None or one.key > after][:limit]

    def everything(self, prefix: str) -> Iterator[StoredObject]:
        self._answer()
        yield from self._listed(prefix)

    def delete(self, objects: Sequence[StoredObject]) -> None:
        self._answer()
        for one in objects:
            self.body_by_key.pop((one.bucket, one.key), None)

    def _listed(self, prefix: str) -> list[StoredObject]:
        return [
            StoredObject(bucket, key, len(body), hashlib.md5(body).hexdigest())
            for (bucket, key), body in sorted(self.body_by_key.items())
            if key.startswith(prefix)
        ]

    def _answer(self) -> None:
        if self.refuses:
            raise StoreUnavailableError("S3 is away")


class KeptJobs:
    """A queue of jobs that nobody takes from."""

    def __init__(self) -> None:
        self.jobs: list[Mapping[str, Any]] = []

    def send(self, job: Mapping[str, Any]) -> None:
        self.jobs.append(job)

    def count(self) -> int:
        return len(self.jobs)


class PlainLinks:
    """Links that say what a signature would cover."""

    def query(self, prefix: str, expires_at: datetime) -> str:
        return f"opens={prefix}&until={int(expires_at.timestamp())}"

    def url(self, key: str) -> str:
        return f"https://media.example/{key}"

    def path_url(self, prefix: str, key: str, expires_at: datetime) -> str | None:
        return f"https://media.example/p/{int(expires_at.timestamp())}.{prefix}/{key}"


class NumberedKeys:
    def __init__(self) -> None:
        self.made: list[Tenant] = []

    def make(self, tenant: Tenant) -> str:
        self.made.append(tenant)
        return f"arn:key/{len(self.made)}"
