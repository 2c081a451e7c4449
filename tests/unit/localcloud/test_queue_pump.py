"""Which messages of a batch are deleted, and what the handler is given."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from localcloud.queue_pump import QueuePump, batch_event, succeeded

ARN = "arn:aws:sqs:us-east-1:000000000000:reports"


def message(name: str) -> dict[str, Any]:
    attributes = {"SentTimestamp": "1795440614665", "ApproximateReceiveCount": "2"}
    return {"MessageId": name, "ReceiptHandle": f"r-{name}", "Body": "{}", "Attributes": attributes}


BATCH = [message("a"), message("b"), message("c")]


def failures(*names: str | None) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (None, ["a", "b", "c"]),
        ({}, ["a", "b", "c"]),
        (failures(), ["a", "b", "c"]),
        (failures("b"), ["a", "c"]),
        (failures("a", "b", "c"), []),
        (failures("stranger"), []),
        (failures(""), []),
        (failures(None), []),
        ({"batchItemFailures": [{}]}, []),
    ],
)
def test_deletes_what_the_handler_did_not_fail(result: Any, expected: list[str]):
    assert [kept["MessageId"] for kept in succeeded(BATCH, result)] == expected


def test_gives_the_handler_the_queues_clock_and_count():
    (record,) = batch_event([message("a")], ARN)["Records"]
    assert record["messageId"] == "a"
    assert record["body"] == "{}"
    assert record["attributes"]["SentTimestamp"] == "1795440614665"
    assert record["attributes"]["ApproximateReceiveCount"] == "2"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == ARN
    assert record["awsRegion"] == "us-east-1"


class FakeQueue:
    def __init__(self, *batches: list[dict[str, Any]]) -> None:
        self._batches = list(batches)
        self.deleted: list[str] = []

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {"Messages": self._batches.pop(0)} if self._batches else {}

    def delete_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]
        return {"Successful": Entries}


def pump(queue: FakeQueue, handler: Any) -> QueuePump:
    return QueuePump(queue, "url", ARN, handler)


async def test_deletes_nothing_when_the_handler_raises(caplog: pytest.LogCaptureFixture):
    async def handler(event: Any) -> Any:
        raise RuntimeError("table is away")

    queue = FakeQueue(BATCH)
    with caplog.at_level(logging.ERROR):
        assert await pump(queue, handler).pump_once() == 0
    assert queue.deleted == []
    assert "table is away" in caplog.text


async def test_does_not_call_the_handler_for_an_empty_queue():
    called = []

    async def handler(event: Any) -> Any:
        called.append(event)

    assert await pump(FakeQueue(), handler).pump_once() == 0
    assert called == []


async def test_deletes_the_rest_of_a_batch_that_failed_in_part():
    async def handler(event: Any) -> Any:
        return failures("b")

    queue = FakeQueue(BATCH)
    assert await pump(queue, handler).pump_once() == 2
    assert queue.deleted == ["r-a", "r-c"]
