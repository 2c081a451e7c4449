"""`python -m media_node.recording.composer`: takes composition jobs from their queue, one at a time.

A process of its own, never part of the node. It may be killed at any moment: the job comes back to the
queue, and whoever takes it goes on with the minute after the last finished one. On SIGTERM it finishes the
minute under way and gives the job back; one that waits for a job ends at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from media_node.errors import JobError, LeaseLostError
from media_node.quantities import new_identifier
from media_node.recording.composition.composing import Composer, Json, Quality, Stopped, remove_leftovers
from media_node.recording.composition.job import Job, parse_job
from media_node.recording.composition.layout import Size
from media_node.recording.composition.lease import LEASE_SECONDS, Lease

log = structlog.get_logger()

WAIT_SECONDS = 20
# As long as a lease: a composer that died is followed after so long.
VISIBILITY_SECONDS = 60
BEAT_SECONDS = VISIBILITY_SECONDS / 3
# Where the queue has no dead letters; else it says how often a message comes.
MOST_TRIES = 5
RETRY_SECONDS = 120


class Settings(BaseSettings):
    """Environment variables `PARLEY_…`; AWS endpoints and credentials are read by boto3 itself."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_", frozen=True)

    composition_queue_url: str
    report_queue_url: str
    composition_width: int = Field(default=1280, ge=64, le=1920, multiple_of=2)
    composition_height: int = Field(default=720, ge=36, le=1080, multiple_of=2)
    composition_rate: int = Field(default=25, ge=1, le=60)
    # Where recorders write while the first bucket refuses, as the control plane tells them.
    recordings_backup_bucket: str | None = None
    # Touched while a job is under way, for whoever ends machines that have none.
    composition_activity_file: Path | None = None

    def quality(self) -> Quality:
        return Quality(Size(self.composition_width, self.composition_height), self.composition_rate)


class JobQueue:
    """Takes jobs until told to stop."""

    def __init__(self, settings: Settings, sqs: Any, s3: Any, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._sqs = sqs
        self._s3 = s3
        self._clock = clock
        self._stopping = threading.Event()
        # Whether nothing is lost where a signal ends the process: no job was taken.
        self.is_waiting = False
        self._holder = new_identifier("composer_")

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self.take_one(WAIT_SECONDS)
                failures = 0
            except (BotoCoreError, ClientError) as exc:
                failures += 1
                log.warning("queue_failed", error=str(exc), failures=failures)
                self._stopping.wait(min(2.0**failures, 30.0))

    def take_one(self, wait_seconds: int) -> bool:
        """Wait for a job and do it; whether one came."""
        messages = self._receive(wait_seconds)
        for message in messages:
            self._note_activity()
            self._handle(message)
            self._note_activity()
        return bool(messages)

    def _receive(self, wait_seconds: int) -> list[Json]:
        self.is_waiting = True
        try:
            received = self._sqs.receive_message(
                QueueUrl=self._settings.composition_queue_url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=wait_seconds,
                VisibilityTimeout=VISIBILITY_SECONDS,
                AttributeNames=["ApproximateReceiveCount"],
            )
        finally:
            self.is_waiting = False
        messages: list[Json] = received.get("Messages", [])
        return messages

    def _note_activity(self) -> None:
        if self._settings.composition_activity_file is not None:
            self._settings.composition_activity_file.touch()

    def _handle(self, message: Json) -> None:
        handle = message["ReceiptHandle"]
        try:
            job = parse_job(message["Body"])
        except JobError as exc:
            log.error("job_malformed", reason=str(exc), body=message["Body"][:300])
            self._report_malformed(message["Body"], exc)
            # Back at once, until the queue puts it among the dead letters.
            self._show_again(handle, 0)
            return
        tries = int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1"))
        lease = Lease(self._s3, job, self._holder, self._clock)
        try:
            self._do(job, lease, handle)
            self._delete(handle)
        except LeaseLostError as exc:
            log.info("job_is_taken", job=job.id, reason=str(exc))
            self._show_again(handle, round(min(LEASE_SECONDS, lease.seconds_left_of_other)) + 1)
        except Stopped:
            # A new message: that spot machines come and go is not the job's fault, and is not counted.
            lease.release()
            self._sqs.send_message(QueueUrl=self._settings.composition_queue_url, MessageBody=message["Body"])
            self._delete(handle)
        except JobError as exc:
            log.error("job_failed", job=job.id, reason=str(exc))
            with contextlib.suppress(LeaseLostError):
                lease.change(state="failed", reason=exc.code, detail=str(exc))
            self._report_failed(job, exc.code, str(exc))
            self._show_again(handle, 0)
        except Exception as exc:
            # A fault of ours stops this job, not the composer: others may be sound.
            log.warning("job_interrupted", job=job.id, error=str(exc), tries=tries, exc_info=True)
            with contextlib.suppress(BotoCoreError, ClientError, LeaseLostError):
                lease.release()
            is_last = tries >= self._most_tries()
            if is_last:
                self._report_failed(job, "given_up", f"given up after {tries} tries: {exc}")
            self._show_again(handle, 0 if is_last else RETRY_SECONDS)

    def _most_tries(self) -> int:
        """How often the queue hands a job out before it goes to the dead letters."""
        answer = self._sqs.get_queue_attributes(
            QueueUrl=self._settings.composition_queue_url, AttributeNames=["RedrivePolicy"]
        )
        policy = json.loads(answer.get("Attributes", {}).get("RedrivePolicy", "{}"))
        return int(policy.get("maxReceiveCount", MOST_TRIES))

    def _do(self, job: Job, lease: Lease, handle: str) -> None:
        state = lease.take()
        if state.state == "failed":
            raise JobError(state.detail or "it failed before", state.reason or "bad_job")
        if state.state == "done":
            self._report(job, "done", 1.0, files=state.files)
            return
        with self._heartbeat(lease, handle) as is_lost:

            def is_stopping() -> bool:
                if is_lost.is_set():
                    raise LeaseLostError(f"another composer took {job.id}")
                return self._stopping.is_set()

            def progress(share: float) -> None:
                self._report(job, "running", share)

            composer = Composer(
                self._s3,
                job,
                lease,
                self._settings.quality(),
                progress,
                is_stopping,
                self._settings.recordings_backup_bucket,
            )
            files = composer.run()
        lease.change(state="done", files=files)
        self._report(job, "done", 1.0, files=files)
        log.info("job_done", job=job.id, recording=job.recording, seconds=files["durationSeconds"])

    @contextlib.contextmanager
    def _heartbeat(self, lease: Lease, handle: str) -> Iterator[threading.Event]:
        """Keep lease and message while the work goes on; the event says that the lease was lost."""
        over, is_lost = threading.Event(), threading.Event()

        def beat() -> None:
            while not over.wait(BEAT_SECONDS):
                self._note_activity()
                try:
                    lease.renew()
                    self._show_again(handle, VISIBILITY_SECONDS)
                except LeaseLostError:
                    is_lost.set()
                    return
                except (BotoCoreError, ClientError) as exc:
                    log.warning("heartbeat_failed", error=str(exc))

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield is_lost
        finally:
            over.set()
            thread.join()

    def _report_failed(self, job: Job, code: str, words: str) -> None:
        self._report(job, "failed", 0.0, reason=code, detail=words)

    def _report(self, job: Job, state: str, progress: float, **more: Any) -> None:
        """Tell how a job goes; `more` has `reason` and `detail` of a failure, `files` of what is done."""
        body = {
            "kind": "composition",
            "recording": job.recording,
            "job": job.id,
            "state": state,
            "progress": round(progress, 4),
            **more,
        }
        self._sqs.send_message(QueueUrl=self._settings.report_queue_url, MessageBody=json.dumps(body))

    def _report_malformed(self, body: str, error: JobError) -> None:
        """Tell of a job that cannot be read as much as can be read of it."""
        try:
            value = json.loads(body)
            recording, job = value["recording"], value["job"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        if isinstance(recording, str) and isinstance(job, str):
            told = Job(job, recording, "", "", (), "", "", "grid")
            self._report_failed(told, error.code, str(error))

    def _show_again(self, handle: str, seconds: int) -> None:
        self._sqs.change_message_visibility(
            QueueUrl=self._settings.composition_queue_url, ReceiptHandle=handle, VisibilityTimeout=seconds
        )

    def _delete(self, handle: str) -> None:
        self._sqs.delete_message(QueueUrl=self._settings.composition_queue_url, ReceiptHandle=handle)


def main() -> int:
    try:
        settings = Settings()
    except ValidationError as exc:
        first = exc.errors()[0]
        name = "PARLEY_" + "_".join(str(part) for part in first["loc"]).upper()
        print(f"composer: {name}: {first['msg']}", file=sys.stderr)
        return 2
    config = Config(connect_timeout=5, read_timeout=WAIT_SECONDS + 10, retries={"max_attempts": 4})
    queue = JobQueue(settings, boto3.client("sqs", config=config), boto3.client("s3", config=config))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop(queue))
    remove_leftovers(Path(tempfile.gettempdir()))
    log.info("composer_started", pid=os.getpid())
    queue.run()
    return 0


def stop(queue: JobQueue) -> None:
    """What a signal does, in the thread that takes jobs; a job just being handed over comes again."""
    queue.stop()
    if queue.is_waiting:
        sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
