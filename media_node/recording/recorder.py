"""`python -m media_node.recording.recorder SETTINGS`: one recorder, from the tap's socket to the bucket.

A process of its own, so that whatever it meets the node goes on. It lives until the other end of its socket
is closed and everything is stored; a node that dies closes it too, and what cannot be stored then within
minutes waits on disk for the node's next start. One JSON object a line on standard output says how it does.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import boto3
import structlog
from botocore.config import Config

import packet_plane
from media_node.errors import ManifestError, MediaNodeError
from media_node.recording.manifest import Gap, Health, Span
from media_node.recording.messages import MessageReader
from media_node.recording.processes import BROKEN_STATUS, BUSY_STATUS, UNFINISHED_STATUS
from media_node.recording.salvage import salvage
from media_node.recording.settings import RecorderSettings, parse_settings
from media_node.recording.spool import Spool
from media_node.recording.storage import Storage
from media_node.recording.take import Draft
from media_node.recording.uploads import Uploads

log = structlog.get_logger()

READ_BYTES = 1 << 20
TICK_SECONDS = 0.1
STATUS_SECONDS = 1.0
PAGE_SECONDS = 9.0
# How long a bucket may fail before people are told.
FAILING_SECONDS = 5.0
# How long something that was lost counts as a bad state.
LOSS_SECONDS = 10.0
# How long what is left is tried to be stored after the end, by a recorder whose node lives.
FINISH_SECONDS = 3_600.0
# How long a node that lives is given to say that it ended the take.
PARTING_SECONDS = 2.0
# How long objects in the backup bucket hold up the end.
BRING_BACK_SECONDS = 30.0
# Of 1,000: what the kernel adds to a recorder's share of the memory when it looks for what to end.
OOM_SCORE = 500


class Recorder:
    """One take from start to end; `out` gets its states."""

    def __init__(
        self, settings: RecorderSettings, storage: Storage, out: TextIO, messages: MessageReader
    ) -> None:
        self._messages = messages
        self._storage = storage
        self._spool = _open_spool(settings)
        self._uploads = Uploads(self._spool, storage)
        self._parted_seconds = settings.parted_seconds
        self._segmenter = packet_plane.Segmenter()
        self._out = out
        # The plane's wall clock goes on with its monotonic one; so does this.
        self._origin_us = time.time_ns() // 1_000 - time.monotonic_ns() // 1_000
        self._said = ""
        self._said_at = 0.0
        self._paged_at = time.monotonic()
        self._ticked_at = 0.0
        self._health: tuple[str, str | None] = ("", None)
        self._losses = 0
        self._lost_at: tuple[float, str] | None = None

    def run(self, tap: socket.socket | None) -> int:
        """Record what comes until the tap ends, then store what is left; returns the exit status."""
        with self._uploads.lock:
            if not self._spool.take.started_us:
                self._spool.take.started_us = self._now_us()
        self._uploads.start()
        self._tick()
        try:
            if tap is not None:
                self._record(tap)
                self._note_end()
            self._take(self._segmenter.finish())
            return self._finish()
        finally:
            self._uploads.stop()

    def _record(self, tap: socket.socket) -> None:
        tap.setblocking(False)
        while True:
            sources: list[socket.socket | MessageReader] = (
                [tap, self._messages] if self._messages.is_open else [tap]
            )
            readable, _, _ = select.select(sources, [], [], TICK_SECONDS)
            if self._messages in readable:
                self._hear()
            if tap in readable:
                try:
                    data = tap.recv(READ_BYTES)
                except ConnectionResetError:
                    data = b""
                if not data:
                    return
                self._take(self._segmenter.push(data))
            if time.monotonic() - self._ticked_at >= TICK_SECONDS:
                self._take(self._segmenter.handle_timeout(self._now_us()))
                self._tick()

    def _hear(self) -> None:
        for message in self._messages.read():
            with self._uploads.lock:
                self._spool.note_message(message)

    def _note_end(self) -> None:
        """The tap is over: because the node says so, or because there is no node any more."""
        ended_us, until = self._now_us(), time.monotonic() + PARTING_SECONDS
        self._hear()
        while self._messages.is_open and not self._messages.is_ended and time.monotonic() < until:
            select.select([self._messages], [], [], TICK_SECONDS)
            self._hear()
        if self._messages.is_ended or self._messages.is_open:
            # A node that lives closes no tap but on purpose.
            with self._uploads.lock:
                self._spool.note_health(Health("stopped", None, ended_us))

    def _note_death(self) -> None:
        """What is missing from here on is nobody's wish."""
        take = self._spool.take
        if take.stopped_us is None:
            self._spool.note_health(Health("failed", "recorder_lost", take.known_until_us))

    def _finish(self) -> int:
        """Store everything, and the last page behind it."""
        began, parted_at = time.monotonic(), None
        while time.monotonic() - began < FINISH_SECONDS:
            self._tick()
            self._hear()
            if not self._messages.is_open:
                # There is no node any more: its next start goes on with what this one cannot store.
                parted_at = parted_at if parted_at is not None else time.monotonic()
                if time.monotonic() - parted_at >= self._parted_seconds:
                    break
            with self._uploads.lock:
                is_idle, is_over = self._uploads.is_idle, self._spool.take.is_over
                if is_idle and not is_over:
                    self._note_death()
                    self._spool.close_page(is_final=True)
                    self._uploads.note_news()
            if is_idle and is_over:
                self._wait_brought_back()
                if self._storage.moved:
                    # The next start of the node tries again: no film looks into the backup bucket.
                    log.error("recording_unfinished", objects_in_backup=len(self._storage.moved))
                    return UNFINISHED_STATUS
                self._say("stopped", None)
                self._spool.remove()
                return 0
            time.sleep(TICK_SECONDS)
        log.error("recording_unfinished", spool_bytes=self._spool.bytes)
        return UNFINISHED_STATUS

    def _wait_brought_back(self) -> None:
        until = time.monotonic() + BRING_BACK_SECONDS
        while self._storage.moved and time.monotonic() < until:
            self._tick()
            time.sleep(TICK_SECONDS)

    def _take(self, findings: list[packet_plane.Segment | packet_plane.Gap]) -> None:
        for finding in findings:
            label = json.loads(finding.label)
            if isinstance(finding, packet_plane.Gap):
                gap = Gap(label["track"], finding.start_us, finding.end_us, finding.reason)
                with self._uploads.lock:
                    self._spool.note_gap(gap)
                continue
            draft = _draft(label, finding)
            with self._uploads.lock:
                self._spool.add(draft, finding.data)
                self._uploads.note_news()

    # How it does.

    def _tick(self) -> None:
        now = self._ticked_at = time.monotonic()
        with self._uploads.lock:
            state, reason = self._state(now)
            if (state, reason) != self._health and self._spool.take.stopped_us is None:
                self._health = (state, reason)
                health = Health("degraded" if reason else "recording", reason, self._now_us())
                self._spool.note_health(health)
            is_due = now - self._paged_at >= PAGE_SECONDS
            if is_due and self._spool.take.has_news and not self._spool.take.is_over:
                self._paged_at = now
                self._spool.close_page(is_final=False)
                self._uploads.note_news()
        self._say(state, reason)

    def _state(self, now: float) -> tuple[str, str | None]:
        losses = self._spool.dropped + self._segmenter.records_lost
        if losses > self._losses:
            is_overflow = self._spool.dropped == 0
            lost = "overflow" if is_overflow else ("spool_full" if self._spool.has_disk else "disk_full")
            self._losses, self._lost_at = losses, (now, lost)
        if self._lost_at is not None and now - self._lost_at[0] < LOSS_SECONDS:
            return "degraded", self._lost_at[1]
        if not self._spool.has_disk:
            return "degraded", "disk_full"
        if self._uploads.failing_seconds() > FAILING_SECONDS:
            return "degraded", "storage_unavailable"
        if self._storage.is_away:
            return "degraded", "backup_bucket"
        return "recording", None

    def _say(self, state: str, reason: str | None) -> None:
        take = self._spool.take
        status = {
            "state": state,
            "reason": reason,
            "segments": take.segments,
            "bytes": take.stored_bytes,
            "tracks": self._segmenter.tracks,
            "spoolBytes": self._spool.bytes,
            "recordsLost": self._segmenter.records_lost,
            "packetsMalformed": self._segmenter.packets_malformed,
            "segmentsDropped": self._spool.dropped,
        }
        text, now = json.dumps(status), time.monotonic()
        is_changed = not self._said.startswith(f'{{"state": "{state}", "reason": {json.dumps(reason)}')
        if not is_changed and (now - self._said_at < STATUS_SECONDS or text == self._said):
            return
        self._said, self._said_at = text, now
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except OSError:
            # The node is gone; what was recorded is stored all the same.
            self._out = io.StringIO()

    def _now_us(self) -> int:
        return self._origin_us + time.monotonic_ns() // 1_000


def _open_spool(settings: RecorderSettings) -> Spool:
    """The take's spool; what it has left although its state is broken is stored where nothing is recorded.

    Raises:
        ManifestError: The state is broken, and there is something to record: another take is for that.
    """
    try:
        return Spool(settings.folder, settings.identity, settings.spool_bytes)
    except ManifestError as exc:
        if settings.descriptor is not None:
            raise
        log.warning("take_broken", error=str(exc))
    salvage(settings.folder, settings.identity, int(time.time()))
    return Spool(settings.folder, settings.identity, settings.spool_bytes)


def _draft(label: dict[str, Any], segment: packet_plane.Segment) -> Draft:
    return Draft(
        track=label["track"],
        participant=label["participant"],
        source=label["source"],
        codec=segment.codec,
        start_us=segment.start_us,
        end_us=segment.end_us,
        width=segment.width,
        height=segment.height,
        bytes=len(segment.data),
        sha256=hashlib.sha256(segment.data).hexdigest(),
        lost=tuple(Span(start_us, end_us) for start_us, end_us in segment.lost),
    )


def make_storage(settings: RecorderSettings) -> Storage:
    config = Config(
        connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 1}, max_pool_connections=16
    )
    client = boto3.client("s3", config=config)
    moved = settings.folder.parent / f"{settings.folder.name}.moved"
    return Storage(client, settings.bucket, settings.backup_bucket, settings.key_id, time.monotonic, moved)


def _lock(settings: RecorderSettings) -> TextIO:
    """What keeps a second recorder from this take while it is open; the node's next start is told of it.

    Raises:
        BlockingIOError: Another recorder is at it.
        OSError: There is no place for the lock.
    """
    settings.folder.parent.mkdir(parents=True, exist_ok=True)
    lock = (settings.folder.parent / f"{settings.folder.name}.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        (settings.folder.parent / f"{settings.folder.name}.settings").write_text(settings.format())
    except OSError as exc:
        # A full disk: what is recorded goes from memory into the bucket.
        log.warning("settings_not_kept", error=str(exc))
    return lock


def _go_before_the_node() -> None:
    """Where memory ends the kernel shall take a recorder, which is started again, and not the node.

    Source: proc_pid_oom_score_adj(5).
    """
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))


def main(arguments: list[str]) -> int:
    # Ctrl-C reaches the whole group, a machine that shuts down everybody; the node decides when this ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _go_before_the_node()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    try:
        settings = parse_settings(arguments[0] if arguments else "")
    except ManifestError as exc:
        log.error("recorder_failed", error=str(exc), is_state=False)
        return BROKEN_STATUS
    try:
        tap = socket.socket(fileno=settings.descriptor) if settings.descriptor is not None else None
        messages = MessageReader(sys.stdin.fileno())
        with _lock(settings):
            status = Recorder(settings, make_storage(settings), sys.stdout, messages).run(tap)
    except BlockingIOError:
        return BUSY_STATUS
    except OSError as exc:
        # Without a tap there is time to wait for a disk.
        log.error("recorder_failed", error=str(exc), is_state=False)
        return BROKEN_STATUS if settings.descriptor is not None else UNFINISHED_STATUS
    except (MediaNodeError, ValueError) as exc:
        log.error("recorder_failed", error=str(exc), is_state=isinstance(exc, ManifestError))
        return BROKEN_STATUS
    if status == 0:
        for kind in ("settings", "moved", "lock"):
            (settings.folder.parent / f"{settings.folder.name}.{kind}").unlink(missing_ok=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
