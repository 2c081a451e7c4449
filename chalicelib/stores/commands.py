"""Commands to media nodes, each through the node's own SQS queue."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.identifiers import MeetingId
from chalicelib.errors import StoreUnavailableError

_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})


class SqsCommands:
    def __init__(self) -> None:
        self._client: Any = None

    def end_meeting(self, queue_url: str, meeting: MeetingId, request_id: str) -> None:
        self._send(queue_url, {"type": "endMeeting", "meeting": meeting, "requestId": request_id})

    def _send(self, queue_url: str, command: dict[str, str]) -> None:
        # Made at the first command: most invocations never send one.
        self._client = self._client or boto3.client("sqs", config=_CONFIG)
        try:
            self._client.send_message(QueueUrl=queue_url, MessageBody=json.dumps(command))
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"the command {command['type']} was not sent") from error
