"""One job from its begin, or from where it was left, to its end."""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from botocore.exceptions import ClientError

from media_node.errors import JobError
from media_node.recording.composition import side_tracks
from media_node.recording.composition.axis import Axis
from media_node.recording.composition.buckets import ABSENT, Buckets
from media_node.recording.composition.catalog import Catalog, Track
from media_node.recording.composition.fetching import Fetcher
from media_node.recording.composition.film import SOUND_SOURCES, Film
from media_node.recording.composition.job import Job
from media_node.recording.composition.joining import Joined, Joiner
from media_node.recording.composition.layout import Size
from media_node.recording.composition.lease import Lease
from media_node.recording.composition.minute import Minute
from media_node.recording.composition.publishing import Contents, Publisher, playlist_lines
from media_node.recording.composition.scenes import Staging, strangers
from media_node.recording.composition.speaker import Speaker
from media_node.recording.composition.takes import TakeReader, holes
from media_node.recording.composition.timeline import Timeline, parse_timeline
from media_node.recording.composition.worker_link import Worker
from media_node.recording.manifest import Span

log = structlog.get_logger()

# A day and a night; what seems longer is a clock that was wrong.
LONGEST_US = 48 * 3600 * 1_000_000
# The last part of the work is putting the whole file together.
MINUTES_SHARE = 0.95
# A playlist grows with the film: after so many minutes it is written each so many.
EVERY_MINUTE = 10
# The number of the process follows.
FOLDER_PREFIX = "parley-composer-"
# Of what is wrong with the takes; the count tells the rest.
MOST_FAULTS = 1000

HIGH_DEFINITION = Size(1280, 720)

Json = dict[str, Any]


@dataclass(frozen=True)
class Quality:
    """The picture's size in pixels and its frames per second."""

    size: Size = HIGH_DEFINITION
    rate: int = 25


def remove_leftovers(parent: Path) -> None:
    """Delete the folders of composers that were killed: each names its process."""
    for folder in parent.glob(f"{FOLDER_PREFIX}*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if owner.isdecimal() and not _lives(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Stopped(Exception):
    """The composer is to stop: the minute under way is finished, the rest is left to another."""


class Composer:
    """Does one job under a lease that is held.

    Args:
        progress: Called with 0 to 1 after each minute.
        is_stopping: Asked after each minute.
        backup_bucket: Where recorders write while the job's bucket refuses.
    """

    def __init__(
        self,
        s3: Any,
        job: Job,
        lease: Lease,
        quality: Quality,
        progress: Callable[[float], None],
        is_stopping: Callable[[], bool],
        backup_bucket: str | None = None,
    ) -> None:
        self._s3 = s3
        self._job = job
        self._lease = lease
        self._quality = quality
        self._progress = progress
        self._is_stopping = is_stopping
        self._backup_bucket = backup_bucket

    def run(self) -> Json:
        """Make the film; its files as the report names them.

        Raises:
            JobError: It cannot be made.
            LeaseLostError: Another composer has taken over.
            Stopped: It is to be left to another.
            botocore's errors: S3 does not answer.
        """
        timeline = self._timeline()
        with tempfile.TemporaryDirectory(prefix=f"{FOLDER_PREFIX}{os.getpid()}-") as name:
            folder = Path(name)
            catalog = Catalog(folder / "catalog.sqlite")
            worker = Worker(folder)
            try:
                return self._compose(timeline, catalog, worker, folder)
            finally:
                worker.close()
                catalog.close()

    def _timeline(self) -> Timeline:
        try:
            answer = self._s3.get_object(Bucket=self._job.bucket, Key=self._job.timeline_key)
        except ClientError as exc:
            if exc.response["Error"]["Code"] in ABSENT:
                raise JobError(f"there is no timeline at {self._job.timeline_key}", "no_timeline") from exc
            raise
        return parse_timeline(answer["Body"].read())

    def _compose(self, timeline: Timeline, catalog: Catalog, worker: Worker, folder: Path) -> Json:
        job = self._job
        buckets = Buckets(self._s3, job.bucket, self._backup_bucket)
        reader = TakeReader(buckets, catalog, job.recording, timeline.started_us)
        takes = reader.read(job.prefixes)
        ended_us = self._end(timeline, catalog)
        lost = tuple(holes(takes, timeline.started_us, ended_us))
        for hole in lost:
            catalog.note("", f"nothing was recorded for {(hole.end_us - hole.start_us) / 1e6:.1f} s")
        axis = Axis(timeline.started_us, ended_us, timeline.pauses)
        if axis.duration_us == 0:
            raise JobError("the recording has no length", "no_length")
        fetcher = Fetcher(buckets, catalog, folder)
        publisher = Publisher(self._s3, job, reader.key_id)
        if job.kind == "tracks":
            return self._join_tracks(Joiner(catalog, fetcher, folder), publisher, catalog)
        staging = Staging(
            timeline,
            lost,
            job.layout,
            self._quality.size,
            self._quality.rate,
            strangers(timeline, catalog.every_track()),
            job.rearrangements,
        )
        film = Film(staging, axis, catalog, fetcher, worker, folder)
        self._make_minutes(film, publisher, folder)
        # What it holds would lie beside the parts of the whole file.
        worker.close()
        return self._finish(film, publisher, catalog, timeline, axis, lost)

    def _join_tracks(self, joiner: Joiner, publisher: Publisher, catalog: Catalog) -> Json:
        """Each track as one file, whose key says what it is; after each the lease is renewed."""
        tracks = list(catalog.every_track())
        for number, track in enumerate(tracks):
            if number < self._lease.state.minutes:
                # Another composer did it before.
                continue
            joiner.join(track, functools.partial(self._publish_track, publisher, track))
            self._lease.change(minutes=number + 1)
            self._progress((number + 1) / len(tracks))
            log.info("track_joined", job=self._job.id, track=track.id, number=number + 1, of=len(tracks))
            if self._is_stopping() and number + 1 < len(tracks):
                raise Stopped
        publisher.put(self._job.side_key("faults.json"), _faults(catalog), "application/json")
        return {"tracks": self._job.side_key("tracks/"), "durationSeconds": 0, "bytes": 0}

    def _publish_track(self, publisher: Publisher, track: Track, joined: Joined) -> None:
        length_ms = (joined.end_us - joined.start_us) // 1000
        name = f"{joined.start_us:016d}-{length_ms}-{track.participant}-{track.source}-{track.id}.mkv"
        kind = "audio" if track.source in SOUND_SOURCES else "video"
        publisher.put_file(self._job.side_key(f"tracks/{name}"), joined.path, f"{kind}/x-matroska")

    def _end(self, timeline: Timeline, catalog: Catalog) -> int:
        """When the film ends, the same for whoever goes on with it."""
        known = self._lease.state.ended_us
        ended_us = known or timeline.ended_us or catalog.end_us() or timeline.started_us
        if ended_us - timeline.started_us > LONGEST_US:
            hours = (ended_us - timeline.started_us) / 3.6e9
            raise JobError(f"the recording would last {hours:.0f} hours; 48 is the most", "too_long")
        if known is None:
            self._lease.change(ended_us=ended_us)
        return ended_us

    def _make_minutes(self, film: Film, publisher: Publisher, folder: Path) -> None:
        done = self._lease.state.minutes
        speaker, lines = Speaker(), []
        for number in range(done):
            minute = publisher.read_minute(number)
            lines.append(self._playlist_lines(minute))
            speaker = Speaker(**minute.speaker)
        for number in range(done, film.minutes):
            path = folder / "minute.m4s"
            minute = film.make(number, speaker, path)
            publisher.publish_minute(minute, path)
            lines.append(self._playlist_lines(minute))
            if number == 0:
                publisher.publish_header(minute)
            if number < EVERY_MINUTE or number % EVERY_MINUTE == 0:
                publisher.publish_playlist(lines, is_whole=False)
            self._lease.change(minutes=number + 1)
            self._progress(MINUTES_SHARE * (number + 1) / film.minutes)
            log.info("minute_composed", job=self._job.id, minute=number + 1, of=film.minutes)
            if self._is_stopping():
                raise Stopped

    def _playlist_lines(self, minute: Minute) -> str:
        return playlist_lines(minute, self._job.media_key(minute.number).rsplit("/", 1)[-1])

    def _finish(
        self,
        film: Film,
        publisher: Publisher,
        catalog: Catalog,
        timeline: Timeline,
        axis: Axis,
        lost: tuple[Span, ...],
    ) -> Json:
        job = self._job
        contents = None
        for number in range(film.minutes):
            minute = publisher.read_minute(number)
            contents = contents or Contents(minute)
            contents.add(minute, job.media_key(number).rsplit("/", 1)[-1])
        assert contents is not None, "a film has a minute at least"
        length = publisher.publish_movie(contents.movie, film.minutes)
        screens = [track for track in catalog.every_track() if track.source == "screen"]
        chapters = side_tracks.chapters(timeline, axis, screens, lost)
        chat = side_tracks.chat(timeline, axis, catalog.messages())
        keys = contents.publish_side_files(
            publisher, job, film.thumbnail_us, axis.duration_us, chapters, chat
        )
        publisher.put(job.side_key("faults.json"), _faults(catalog), "application/json")
        # Last: a player that sees the end has everything.
        publisher.publish_playlist(contents.lines, is_whole=True)
        return {
            "mp4": job.mp4_key,
            "hls": job.master_key,
            **keys,
            "durationSeconds": round(film.end_tick / self._quality.rate, 3),
            "bytes": length,
        }


def _faults(catalog: Catalog) -> bytes:
    """What was wrong with the takes, so that no loss is silent."""
    count, faults = catalog.faults(MOST_FAULTS)
    listed = [{"object": where, "fault": text} for where, text in faults]
    return json.dumps({"count": count, "faults": listed}, indent=1).encode()
