"""Wakes up whoever delivers webhooks, through SQS. A wake-up that is lost is made good by the clock."""

from __future__ import annotations

import json
import logging
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.identifiers import MeetingId, Tenant, WebhookEndpointId
from chalicelib.stores.clients import open_client

_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})

log = logging.getLogger(__name__)


class SqsWaker:
    def __init__(self, queue_name: str) -> None:
        self._queue_name = queue_name
        self._client: Any = None
        self._url = ""

    def wake(self, tenant: Tenant, endpoint: WebhookEndpointId, meeting: MeetingId) -> None:
        body = json.dumps({"tenant": tenant, "endpoint": endpoint, "meeting": meeting})
        try:
            self._client = self._client or open_client("sqs", _CONFIG)
            self._url = self._url or self._client.get_queue_url(QueueName=self._queue_name)["QueueUrl"]
            self._client.send_message(QueueUrl=self._url, MessageBody=body)
        except (BotoCoreError, ClientError):
            log.exception("nobody was woken up for %s; the minute's look will find it", endpoint)
