"""What is done for recordings without anybody asking: recorders told again, jobs sent, what is due deleted.

Run by the clock of each region, by any number of processes at once. Each step is written on the condition
that the meeting is still as it was read; what goes to S3 or a queue before that may go there twice.
"""

from __future__ import annotations

import itertools
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.composition import Composition, films_of
from chalicelib.domain.events import Change, Event
from chalicelib.domain.identifiers import MeetingId, RandomBytes, RecordingId, new_token
from chalicelib.domain.meeting import Meeting
from chalicelib.domain.recording import Recording, is_active, layout_as_recorded
from chalicelib.domain.recording_changes import DueKind, attended, compose, delete, deleted, hear, sent
from chalicelib.domain.recording_objects import (
    StoredObject,
    deletion_list,
    deletion_list_key,
    job_of,
    prefixes_of,
    read_deletion_list,
    timeline_key,
    timeline_of,
    tombstone_of,
)
from chalicelib.errors import StoreUnavailableError
from chalicelib.services.changes import tries
from chalicelib.services.protocols import (
    CompositionQueue,
    MeetingStore,
    RecordingObjects,
    RecordingStore,
)
from chalicelib.services.recorder_reports import CompositionReport
from chalicelib.services.recorders import Recorders

# A command that was lost is sent again this much later, and a job goes out as soon.
PERIOD_SECONDS = 4.0
# Of each shard of what is due, in one pass.
MOST_AT_ONCE = 25
# As many as S3 takes in one request.
MOST_DELETED_AT_ONCE = 1000
EVENTS_AT_ONCE = 500
RETENTION = "retention"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """What a pass did."""

    looked_at: int = 0
    jobs_sent: int = 0
    deleted: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(
            self.looked_at + other.looked_at, self.jobs_sent + other.jobs_sent, self.deleted + other.deleted
        )


class RecordingUpkeep:
    def __init__(
        self,
        store: MeetingStore,
        recordings: RecordingStore,
        recorders: Recorders,
        objects: RecordingObjects,
        queue: CompositionQueue,
        bucket: str,
        region: str,
        random_bytes: RandomBytes,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._recorders = recorders
        self._objects = objects
        self._queue = queue
        self._bucket = bucket
        self._region = region
        self._random_bytes = random_bytes

    def run(self, request_id: str, now: datetime) -> Kept:
        """A pass of each few seconds. What fails for one recording is the next pass's."""
        looked_at = jobs_sent = 0
        # Apart from each other: who lacks a second recorder for ever keeps nobody from being attended to.
        kinds: tuple[DueKind, ...] = ("upkeep", "backup")
        due = (self._recordings.due(kind, self._region, now, MOST_AT_ONCE) for kind in kinds)
        for name in itertools.chain.from_iterable(due):
            looked_at += 1
            try:
                jobs_sent += self._attend(name, request_id, now)
            except StoreUnavailableError:
                log.warning("recording %s was not attended to; the next pass does it", name, exc_info=True)
        return Kept(looked_at, jobs_sent)

    def run_for(
        self,
        seconds: float,
        request_id: str,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> Kept:
        """A pass at least, and one each PERIOD_SECONDS. One that fails is not the last one."""
        started, done, passes = monotonic(), Kept(), 0
        while True:
            try:
                done += self.run(request_id, clock())
            except StoreUnavailableError:
                log.exception("a pass over the recordings failed")
            passes += 1
            if monotonic() - started >= seconds:
                return done
            pause(max(0.0, started + passes * PERIOD_SECONDS - monotonic()))

    def hear(self, report: CompositionReport, now: datetime) -> bool:
        """A composer's report; False if it says nothing new. Safe to repeat."""
        for _ in tries():
            found = self._read(report.recording)
            if found is None:
                return False
            meeting, recording = found
            change = hear(meeting, recording, report.told, now)
            if self._store.commit(change) is None:
                return bool(change.events)
        raise _too_many()

    def sweep(self, now: datetime) -> Kept:
        """Delete what is due, and what of it was begun before. What fails for one is the next sweep's."""
        looked_at = gone = 0
        for name in self._recordings.due("sweep", self._region, now, MOST_AT_ONCE):
            looked_at += 1
            try:
                gone += self._sweep(name, now)
            except StoreUnavailableError:
                log.warning("recording %s was not deleted; the next sweep does it", name, exc_info=True)
        return Kept(looked_at, deleted=gone)

    def _attend(self, name: RecordingId, request_id: str, now: datetime) -> int:
        found = self._read(name)
        if found is None:
            return 0
        meeting, recording = found
        change = attended(meeting, recording, now)
        if not change.events and recording.state == "processing" and not films_of(recording.compositions):
            token = new_token(self._random_bytes)
            layout = layout_as_recorded(recording)
            change = compose(meeting, recording, layout, token, recording.requested_by, now)
        if self._store.commit(change) is not None:
            # Somebody else changed the meeting: it is still due if there is still something to do.
            return 0
        meeting, recording = change.after, change.recording_by_id.get(name, recording)
        if is_active(recording):
            self._recorders.tell(meeting, [recording], request_id, now)
        queued = [one for one in recording.compositions if one.state == "queued"]
        for composition in queued:
            self._send(meeting, recording, composition, now)
        return len(queued)

    def _send(self, meeting: Meeting, recording: Recording, composition: Composition, now: datetime) -> None:
        """The timeline, then the job, then the note that it was sent: who fails between does it again."""
        people = self._store.participants(meeting.id)
        timeline = timeline_of(meeting, recording, people, self._events(meeting.id))
        body = json.dumps(timeline, separators=(",", ":"), ensure_ascii=False).encode()
        self._objects.put(timeline_key(composition), body, "application/json")
        self._queue.send(job_of(recording, composition, self._bucket))
        for _ in tries():
            found = self._read(recording.id)
            if found is None or self._store.commit(sent(*found, composition.job, now)) is None:
                return
        raise _too_many()

    def _events(self, meeting: MeetingId) -> list[Event]:
        events: list[Event] = []
        while page := self._store.events(meeting, len(events), EVENTS_AT_ONCE):
            events += page
        return events

    def _sweep(self, name: RecordingId, now: datetime) -> int:
        found = self._read(name)
        if found is None:
            return 0
        meeting, recording = found
        if recording.state != "deleting":
            is_due = recording.retain_until is not None and recording.retain_until <= now
            change = delete(meeting, recording, RETENTION, now) if is_due else Change.of(meeting)
            if not change.events or self._store.commit(change) is not None:
                return 0
            recording = change.recording_by_id[name]
        return self._erase(recording, now)

    def _erase(self, recording: Recording, now: datetime) -> int:
        """Delete its objects; first the list of them is kept, so that what was deleted can be proven."""
        key = deletion_list_key(recording.id)
        body = self._objects.read(key) or b""
        listed = {(one.bucket, one.key): one for one in read_deletion_list(body)}
        # Whoever still writes, or deletes beside us, is met at the second look.
        for _ in range(3):
            there = self._there(recording)
            if not there:
                break
            listed |= {(one.bucket, one.key): one for one in there}
            self._objects.put(key, deletion_list(listed.values()), "application/jsonl")
            for start in range(0, len(there), MOST_DELETED_AT_ONCE):
                self._objects.delete(there[start : start + MOST_DELETED_AT_ONCE])
        else:
            return 0
        body = deletion_list(listed.values())
        tombstone = tombstone_of(recording, body, list(listed.values()), now)
        for _ in tries():
            found = self._read(recording.id)
            if found is None or self._store.commit(deleted(*found, tombstone)) is None:
                return 1
        raise _too_many()

    def _there(self, recording: Recording) -> list[StoredObject]:
        prefixes = prefixes_of(recording)
        return [one for prefix in prefixes for one in self._objects.everything(prefix)]

    def _read(self, name: RecordingId) -> tuple[Meeting, Recording] | None:
        """The meeting first: a change that is made of both is refused if something came between."""
        known = self._recordings.by_id(name)
        meeting = self._store.by_id(known.meeting) if known is not None else None
        recording = self._recordings.by_id(name) if meeting is not None else None
        return (meeting, recording) if meeting is not None and recording is not None else None


def _too_many() -> StoreUnavailableError:
    return StoreUnavailableError("Too many changes of this meeting came at once.")
