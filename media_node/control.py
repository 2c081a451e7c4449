"""The node's link to the control plane: load reports out, commands in, both over SQS.

Blocking calls live on two threads of their own; meetings never wait for AWS and survive its loss. Counters in
reports are cumulative and carry boot id and sequence, so that duplicates and disorder do no harm.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

log = structlog.get_logger()

REPORT_SECONDS = 2.0
COMMAND_WAIT_SECONDS = 10
MAX_BACKOFF_SECONDS = 30.0
# Commands say what is true for good: one that waited longer than a token lives has no meaning left.
COMMAND_RETENTION_SECONDS = "600"
RECORDING_CHANGES: dict[str, Literal["stop", "pause", "resume"]] = {
    "stopRecording": "stop",
    "pauseRecording": "pause",
    "resumeRecording": "resume",
}
NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True)
class EndMeeting:
    meeting: str


@dataclass(frozen=True)
class RemoveParticipant:
    meeting: str
    participant: str
    reason: str


Answer = TypeVar("Answer")


@dataclass(frozen=True)
class AdmitParticipant:
    """Somebody who was removed may come back."""

    meeting: str
    participant: str


@dataclass(frozen=True)
class Mute:
    """Mute sources of one participant, or of everybody but `by`."""

    meeting: str
    participant: str | None
    by: str | None
    # What can be heard, where nothing is named.
    sources: frozenset[str] = frozenset({"microphone", "screen_audio"})


@dataclass(frozen=True)
class ChangeParticipant:
    """What a participant is from now on, whatever its token says."""

    meeting: str
    participant: str
    role: str
    display_name: str
    publish: frozenset[str]
    may_moderate: bool


@dataclass(frozen=True)
class Drain:
    """Take no new meetings; those that are here have so many seconds, or as long as they like."""

    seconds: float | None


@dataclass(frozen=True)
class Undrain:
    pass


@dataclass(frozen=True)
class RecordingSource:
    url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class StartRecording:
    """Record a meeting, now or when it comes."""

    meeting: str
    recording: str
    bucket: str
    backup_bucket: str | None
    key_id: str | None
    # Whether another node records it, too.
    has_backup: bool = False
    # Where the meeting is, and what lets a recorder in there; None: here.
    source: RecordingSource | None = None


@dataclass(frozen=True)
class ChangeRecording:
    """Stop, pause or go on with a recording."""

    change: Literal["stop", "pause", "resume"]
    meeting: str
    recording: str


Command = (
    Drain
    | Undrain
    | EndMeeting
    | RemoveParticipant
    | AdmitParticipant
    | Mute
    | ChangeParticipant
    | StartRecording
    | ChangeRecording
)


def parse_command(body: str) -> Command | None:
    """A command of the queue, None for one this version does not know."""
    try:
        message = json.loads(body)
        match message:
            case {"type": "endMeeting", "meeting": str(meeting)}:
                return EndMeeting(meeting)
            case {"type": "removeParticipant", "meeting": str(meeting), "participant": str(participant)}:
                return RemoveParticipant(meeting, participant, str(message.get("reason", "removed")))
            case {"type": "admitParticipant", "meeting": str(meeting), "participant": str(participant)}:
                return AdmitParticipant(meeting, participant)
            case {"type": "drain", "deadlineSeconds": int(seconds) | float(seconds)} if seconds >= 0:
                return Drain(float(seconds))
            case {"type": "drain", "deadlineSeconds": None}:
                return Drain(None)
            case {"type": "undrain"}:
                return Undrain()
            case {"type": "mute", "meeting": str(meeting)}:
                mute = Mute(meeting, _text_or_none(message, "participant"), _text_or_none(message, "by"))
                return replace(mute, sources=_sources_of(message) or mute.sources)
            case {
                "type": "changeParticipant",
                "meeting": str(meeting),
                "participant": str(participant),
                "role": str(role),
                "displayName": str(name),
                "grants": {"publish": list(publish), "moderate": bool(may_moderate)},
            }:
                sources = frozenset(str(source) for source in publish)
                return ChangeParticipant(meeting, participant, role, name, sources, may_moderate)
            case {"type": "startRecording", "meeting": str(), "recording": str(), "bucket": str()}:
                return _parse_start_recording(message)
            case {"type": str(kind), "meeting": str(meeting), "recording": str(recording)} if (
                kind in RECORDING_CHANGES
            ):
                return ChangeRecording(RECORDING_CHANGES[kind], meeting, recording)
    except ValueError:
        pass
    return None


def _parse_start_recording(message: dict[str, Any]) -> StartRecording:
    """The names become folders and keys: nothing but letters, figures, `-` and `_`."""
    meeting, recording = message["meeting"], message["recording"]
    if not all(NAME.fullmatch(name) for name in (meeting, recording)) or not message["bucket"]:
        raise ValueError("a meeting or recording has another name than identifiers have")
    backup, key = _text_or_none(message, "backupBucket"), _text_or_none(message, "kmsKeyId")
    source = message.get("source")
    match source:
        case None:
            told = None
        case {"url": str(url), "token": str(token)} if url.startswith(("http://", "https://")):
            told = RecordingSource(url, token)
        case _:
            raise ValueError("a source is the address of a node, and a token")
    has_backup = message.get("backup") is True
    return StartRecording(
        meeting, recording, message["bucket"], backup or None, key or None, has_backup, told
    )


def _sources_of(message: dict[str, Any]) -> frozenset[str]:
    named = message.get("sources", [])
    if not isinstance(named, list):
        raise ValueError("sources are a list")
    return frozenset(str(source) for source in named)


def _text_or_none(message: dict[str, Any], name: str) -> str | None:
    value = message.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is text")
    return value


class ControlLink:
    """Sends what `report` gives every two seconds, in as many messages as that takes.

    Hands each command to `handle` on the loop.

    What `take_quality` gives, until that is empty, is sent as well, in order, and kept until it has been.
    """

    def __init__(
        self,
        node: str,
        report_queue_url: str,
        command_queue_prefix: str,
        report: Callable[[], dict[str, Any]],
        format_report: Callable[[dict[str, Any]], list[str]],
        take_quality: Callable[[], str],
        handle: Callable[[Command], None],
        run: Callable[[str, Callable[[], object]], None],
    ) -> None:
        """
        Args:
            run: Lets a part have its turn, whatever comes of it: a node whose reports stop counts as lost.
        """
        self._run = run
        self._queue_name = f"{command_queue_prefix}{node}"
        self._report_queue_url = report_queue_url
        self._report = report
        self._format = format_report
        self._take_quality = take_quality
        self._unsent = ""
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._stopping = threading.Event()
        # Set where a report shall not wait for its time.
        self._due = threading.Event()
        self._sequence = 0
        self._report_failures = self._command_failures = 0
        self.command_queue_url = ""
        # Reports and the long poll would wait for each other on one connection.
        config = Config(connect_timeout=3, read_timeout=COMMAND_WAIT_SECONDS + 5, retries={"max_attempts": 1})
        self._sqs = boto3.client("sqs", config=config)

    def start(self) -> None:
        for run in (self._run_reports, self._run_commands):
            threading.Thread(target=run, name=run.__name__, daemon=True).start()

    def stop(self) -> None:
        """The threads end by themselves; a long poll under way is left to the process's end."""
        self._stopping.set()
        self._due.set()

    def report_soon(self) -> None:
        """Something has changed that the control plane has to know at once."""
        self._due.set()

    def _run_reports(self) -> None:
        while not self._stopping.is_set():
            self._run("reports", self._try_to_report)
            self._due.wait(_pause(self._report_failures))
            self._due.clear()

    def _try_to_report(self) -> None:
        self._report_failures += 1
        try:
            if not self.command_queue_url:
                self.command_queue_url = self._create_queue()
            self._send_report()
            self._send_quality()
            self._report_failures = 0
        except (BotoCoreError, ClientError, TimeoutError) as exc:
            log.warning("report_failed", error=str(exc), failures=self._report_failures)

    def _create_queue(self) -> str:
        attributes = {"MessageRetentionPeriod": COMMAND_RETENTION_SECONDS}
        made = self._sqs.create_queue(QueueName=self._queue_name, Attributes=attributes)
        return str(made["QueueUrl"])

    def _send_report(self) -> None:
        self._sequence += 1
        report = {
            **self._on_loop(self._report),
            "sequence": self._sequence,
            "commandQueueUrl": self.command_queue_url,
        }
        for body in self._format(report):
            self._sqs.send_message(QueueUrl=self._report_queue_url, MessageBody=body)

    def _send_quality(self) -> None:
        """Send what is ready; at most one message waits here, the others wait where they were made."""
        while self._unsent or (ready := self._on_loop(self._take_quality)):
            self._unsent = self._unsent or ready
            self._sqs.send_message(QueueUrl=self._report_queue_url, MessageBody=self._unsent)
            self._unsent = ""

    def _on_loop(self, read: Callable[[], Answer]) -> Answer:
        async def call() -> Answer:
            return read()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(timeout=5.0)

    def _run_commands(self) -> None:
        while not self._stopping.is_set():
            if not self.command_queue_url:
                self._stopping.wait(0.1)
                continue
            self._run("command_queue", self._try_to_take_commands)
            if self._command_failures:
                self._stopping.wait(_pause(self._command_failures))

    def _try_to_take_commands(self) -> None:
        self._command_failures += 1
        try:
            self._take_commands()
            self._command_failures = 0
        except (BotoCoreError, ClientError) as exc:
            log.warning("commands_failed", error=str(exc), failures=self._command_failures)

    def _take_commands(self) -> None:
        received = self._sqs.receive_message(
            QueueUrl=self.command_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=COMMAND_WAIT_SECONDS
        )
        for message in received.get("Messages", []):
            command = parse_command(message["Body"])
            if command is None:
                log.warning("unknown_command", body=message["Body"][:200])
            else:
                self._loop.call_soon_threadsafe(self._handle, command)
            self._sqs.delete_message(QueueUrl=self.command_queue_url, ReceiptHandle=message["ReceiptHandle"])


def _pause(failures: int) -> float:
    return min(REPORT_SECONDS * 2**failures, MAX_BACKOFF_SECONDS) if failures else REPORT_SECONDS


class CpuMeter:
    """The busy share of one core since the last reading."""

    def __init__(self) -> None:
        self._last = (time.monotonic(), time.process_time())

    def read(self) -> float:
        now, busy = time.monotonic(), time.process_time()
        (then, busy_then), self._last = self._last, (now, busy)
        return round((busy - busy_then) / max(now - then, 1e-6), 4)
