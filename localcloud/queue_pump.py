"""From an SQS queue to its Lambda handler, with the partial batch failures of an event source mapping.

Owns the polling and the deletion. What fails stays in the queue, is seen again after the visibility
timeout, and is moved to the dead-letter queue by SQS itself when it was received too often.
Source: "Using Lambda with Amazon SQS" and "Reporting batch item failures" of the Lambda guide.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

# Long polling: an empty queue costs one request per this time. Short, so that a stop is prompt.
WAIT_SECONDS = 5
BATCH = 10
BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)

Invoke = Callable[[dict[str, Any]], Awaitable[Any]]

log = logging.getLogger(__name__)


class QueuePump:
    """Moves the messages of one queue; `run` until cancelled."""

    def __init__(self, sqs: Any, queue_url: str, queue_arn: str, invoke: Invoke) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._queue_arn = queue_arn
        self._invoke = invoke

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                await self.pump_once()
                failures = 0
            except Exception as error:
                # The queue may be restarting; its messages are not lost by waiting.
                pause = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)]
                failures += 1
                log.warning("queue pump failed, again in %s s: %s", pause, error)
                await asyncio.sleep(pause)

    async def pump_once(self, wait_seconds: int = WAIT_SECONDS) -> int:
        """Receive one batch, hand it over and delete what succeeded; returns how many were deleted."""
        received = await asyncio.to_thread(
            self._sqs.receive_message,
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=wait_seconds,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = received.get("Messages", [])
        if not messages:
            return 0
        try:
            result = await self._invoke(batch_event(messages, self._queue_arn))
        except Exception:
            log.exception("queue handler failed; its %d messages will come again", len(messages))
            return 0
        return await self._delete(succeeded(messages, result))

    async def _delete(self, messages: Sequence[dict[str, Any]]) -> int:
        if not messages:
            return 0
        entries = [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
            for index, message in enumerate(messages)
        ]
        answer = await asyncio.to_thread(
            self._sqs.delete_message_batch, QueueUrl=self._queue_url, Entries=entries
        )
        for failure in answer.get("Failed", []):
            log.warning("a handled message was not deleted and will come again: %s", failure.get("Message"))
        return len(answer.get("Successful", []))


def batch_event(messages: Sequence[dict[str, Any]], queue_arn: str) -> dict[str, Any]:
    """The event that Lambda makes of received messages."""
    return {"Records": [_record(message, queue_arn) for message in messages]}


def _record(message: dict[str, Any], queue_arn: str) -> dict[str, Any]:
    attributes = {
        name: {
            "stringValue": value.get("StringValue"),
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": value["DataType"],
        }
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def succeeded(messages: Sequence[dict[str, Any]], result: Any) -> list[dict[str, Any]]:
    """The messages that may be deleted.

    Nothing named means that all succeeded. A failure without an identifier, or with one that is not in
    the batch, makes the whole batch a failure: the handler did not know what it did.
    """
    failures = result.get("batchItemFailures") if isinstance(result, dict) else None
    if not failures:
        return list(messages)
    failed = {failure.get("itemIdentifier") for failure in failures}
    if not failed <= {message["MessageId"] for message in messages}:
        return []
    return [message for message in messages if message["MessageId"] not in failed]
