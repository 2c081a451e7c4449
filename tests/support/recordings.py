"""A node that records: its cloud, its commands, and what its takes hold, read back as anybody would."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json
import os
import select
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import boto3
from botocore.exceptions import ClientError

from localcloud.engines import answers_http, cloud_environment, ministack_command, ministack_environment
from localcloud.ports import Ports
from localcloud.process import ChildProcess, ProcessRegister
from media_node.recording.manifest import Entry, Page, parse_entry, parse_page
from tests.support.media_node_process import NodeProcess, running_node

BUCKET, BACKUP_BUCKET = "parley-recordings", "parley-recordings-backup"


@dataclass
class Cloud:
    """S3 and SQS in a stand-in, with both buckets and the queue of reports."""

    process: ChildProcess
    environment: dict[str, str]
    sqs: Any
    s3: Any
    reports: str
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def report(self, is_right: Any, within_seconds: float = 30) -> dict[str, Any]:
        """The next report that is right."""
        async with asyncio.timeout(within_seconds):
            while True:
                receive = functools.partial(
                    self.sqs.receive_message, QueueUrl=self.reports, WaitTimeSeconds=1
                )
                for message in (await asyncio.to_thread(receive)).get("Messages", []):
                    self.sqs.delete_message(QueueUrl=self.reports, ReceiptHandle=message["ReceiptHandle"])
                    report = json.loads(message["Body"])
                    if report.get("type") == "nodeReport":
                        self.seen.append(report)
                        if is_right(report):
                            return report

    async def recording(self, is_right: Any, within_seconds: float = 30) -> dict[str, Any]:
        """The report entry of the first recording that is right."""
        found = await self.report(lambda report: any(map(is_right, report["recordings"])), within_seconds)
        return next(one for one in found["recordings"] if is_right(one))


@asynccontextmanager
async def running_cloud(folder: Path) -> AsyncIterator[Cloud]:
    port = Ports(folder / "ports.json").port("ministack")
    environment = cloud_environment(port, port)
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    child = ChildProcess(
        "ministack",
        ministack_command(),
        ministack_environment(os.environ, port, folder),
        log_folder=folder,
        register=ProcessRegister(folder / "processes.json"),
        is_healthy=functools.partial(answers_http, f"http://127.0.0.1:{port}/_ministack/health"),
        stop_seconds=1,
    )
    await child.start(within_seconds=30)
    try:
        s3, sqs = boto3.client("s3"), boto3.client("sqs")
        for bucket in (BUCKET, BACKUP_BUCKET):
            await asyncio.to_thread(s3.create_bucket, Bucket=bucket)
        reports = (await asyncio.to_thread(sqs.create_queue, QueueName="reports"))["QueueUrl"]
        yield Cloud(child, environment, sqs, s3, reports)
    finally:
        await child.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def recording_node(cloud: Cloud, folder: Path, **environment: str) -> Iterator[NodeProcess]:
    settings = {
        "PARLEY_REPORT_QUEUE_URL": cloud.reports,
        "PARLEY_RECORDING_SPOOL": str(folder / "spool"),
        # A test that kills its node ends its cloud soon after.
        "PARLEY_RECORDING_PARTED_SECONDS": "20",
        **environment,
    }
    with running_node(folder, settings) as node:
        yield node


async def command(cloud: Cloud, queue: str, kind: str, meeting: str, recording: str, **more: Any) -> None:
    body = {"type": kind, "meeting": meeting, "recording": recording, "requestId": "1", **more}
    await asyncio.to_thread(cloud.sqs.send_message, QueueUrl=queue, MessageBody=json.dumps(body))


async def start_recording(cloud: Cloud, queue: str, meeting: str, recording: str, **more: Any) -> None:
    where = {"bucket": BUCKET, "backupBucket": None, "kmsKeyId": None, **more}
    await command(cloud, queue, "startRecording", meeting, recording, **where)


@dataclass
class StoredTake:
    """What a bucket holds of one take."""

    pages: list[Page]
    entries: list[Entry]
    data_by_key: dict[str, bytes]

    def of(self, source: str) -> list[Entry]:
        found = [entry for entry in self.entries if entry.source == source]
        return sorted(found, key=lambda entry: entry.sequence)

    @property
    def gaps(self) -> list[Any]:
        return [gap for page in self.pages for gap in page.gaps]


def read_take(s3: Any, prefix: str, bucket: str = BUCKET) -> StoredTake:
    """All pages and segments under a prefix, with the entries that the objects carry."""
    take = StoredTake([], [], {})
    for found in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for listed in found.get("Contents", []):
            key = listed["Key"]
            stored = s3.get_object(Bucket=bucket, Key=key)
            data = stored["Body"].read()
            if "/pages/" in key:
                take.pages.append(parse_page(data))
            else:
                take.entries.append(parse_entry(stored["Metadata"]["parley-entry"]))
                take.data_by_key[key] = data
    return take


def decode(data: bytes) -> list[Any]:
    """Every frame of a segment."""
    with av.open(io.BytesIO(data), mode="r") as container:
        return list(container.decode(container.streams[0]))


def has_object(s3: Any, key: str, bucket: str = BUCKET) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        return False
    return True


def recorder_pids(node: NodeProcess) -> list[int]:
    """The recorder processes of a node."""
    children = Path(f"/proc/{node.process.pid}/task/{node.process.pid}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    return [pid for pid, text in commands.items() if "media_node.recording.recorder" in text]


def wait_gone(pid: int) -> None:
    """Until a process has ended that may be another's child."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        with os.fdopen(descriptor):
            assert select.select([descriptor], [], [], 20)[0], "it goes on"
