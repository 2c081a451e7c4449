"""Child processes and the queue pump against the real stand-ins."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from localcloud import provisioning
from localcloud.engines import answers_http, cloud_environment, ministack_command, ministack_environment
from localcloud.ports import Ports
from localcloud.process import ChildProcess, ProcessRegister, start_time
from localcloud.queue_pump import QueuePump


async def until(condition: Callable[[], Awaitable[bool]], within_seconds: float = 10) -> None:
    async with asyncio.timeout(within_seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.02)


@pytest.fixture
async def ministack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ChildProcess]:
    port = Ports(tmp_path / "ports.json").port("ministack")
    for name, value in cloud_environment(port, port).items():
        monkeypatch.setenv(name, value)

    async def make_queues() -> None:
        await asyncio.to_thread(provisioning.make_queues)

    child = ChildProcess(
        "ministack",
        ministack_command(),
        ministack_environment(os.environ, port, tmp_path),
        log_folder=tmp_path,
        register=ProcessRegister(tmp_path / "processes.json"),
        is_healthy=functools.partial(answers_http, f"http://127.0.0.1:{port}/_ministack/health"),
        after_restart=make_queues,
        stop_seconds=1,
    )
    await child.start(within_seconds=20)
    yield child
    await child.stop()


async def test_a_poison_message_goes_to_the_dead_letters_and_the_others_are_handled(ministack: ChildProcess):
    queue = provisioning.make_queues()
    sqs = boto3.client("sqs")
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "0"})
    for body in ("good", "poison", "fine"):
        sqs.send_message(QueueUrl=queue.url, MessageBody=body)
    seen: list[str] = []

    async def handler(event: dict[str, Any]) -> dict[str, Any]:
        seen.extend(record["body"] for record in event["Records"])
        failed = [record["messageId"] for record in event["Records"] if record["body"] == "poison"]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    pump = QueuePump(sqs, queue.url, queue.arn, handler)
    dead_url = sqs.get_queue_url(QueueName=provisioning.DEAD_LETTER_QUEUE)["QueueUrl"]

    async def has_dead_letter() -> bool:
        await pump.pump_once(wait_seconds=0)
        answer = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["ApproximateNumberOfMessages"])
        return bool(answer["Attributes"]["ApproximateNumberOfMessages"] == "1")

    await until(has_dead_letter)
    assert seen.count("poison") == provisioning.MOST_RECEIVES
    assert sorted(set(seen)) == ["fine", "good", "poison"]
    assert (seen.count("good"), seen.count("fine")) == (1, 1)
    assert sqs.receive_message(QueueUrl=dead_url)["Messages"][0]["Body"] == "poison"


async def test_a_stand_in_that_dies_is_started_again_with_its_queues(ministack: ChildProcess):
    provisioning.make_queues()
    lost = ministack.pid
    os.kill(lost, signal.SIGKILL)

    async def is_back() -> bool:
        return ministack.pid not in (0, lost)

    await until(is_back)

    async def has_queue() -> bool:
        try:
            boto3.client("sqs").get_queue_url(QueueName=provisioning.REPORT_QUEUE)
        except (BotoCoreError, ClientError):
            return False  # Not up yet, or up without its queue.
        return True

    await until(has_queue)


async def test_a_stopped_child_leaves_no_process(ministack: ChildProcess, tmp_path: Path):
    pid = ministack.pid
    await ministack.stop()
    assert start_time(pid) is None
    assert ProcessRegister(tmp_path / "processes.json").end_orphans() == []
