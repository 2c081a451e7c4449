"""Webhooks: who gets which events, how they are signed, and when a failed delivery is tried again.

Source: Standard Webhooks 1.0 (signature scheme v1, headers, secret format, retries).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from chalicelib.domain.events import Event
from chalicelib.domain.identifiers import MeetingId, RandomBytes, Tenant, WebhookEndpointId

DeliveryState = Literal["delivered", "retrying", "failed"]

# An old secret signs as long as a receiver needs to take over the new one without haste.
SECRET_OVERLAP = timedelta(hours=24)
# Together about a day, as the standard recommends; short at first, as most failures are a restart.
RETRY_SECONDS = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000)
# Receivers that failed together must not be called together again.
JITTER = 0.2
SECRET_BYTES = 32


@dataclass(frozen=True)
class Endpoint:
    id: WebhookEndpointId
    tenant: Tenant
    url: str
    events: tuple[str, ...]
    secret: str
    created_at: datetime
    description: str = ""
    disabled: bool = False
    previous_secret: str | None = None
    previous_secret_expires_at: datetime | None = None


@dataclass(frozen=True)
class Progress:
    """How far the log of one meeting has been delivered to one endpoint."""

    endpoint: WebhookEndpointId
    meeting: MeetingId
    tenant: Tenant
    delivered: int
    wanted: int
    attempts: int


@dataclass(frozen=True)
class Delivery:
    """What became of one event at one endpoint."""

    endpoint: WebhookEndpointId
    meeting: MeetingId
    number: int
    type: str
    at: datetime
    state: DeliveryState
    attempts: int
    attempted_at: datetime
    status: int | None = None
    error: str | None = None
    next_attempt_at: datetime | None = None


@dataclass(frozen=True)
class Sent:
    """What a receiver answered, or why it did not."""

    status: int | None
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def is_wanted(endpoint: Endpoint, event_type: str) -> bool:
    """`*`, a whole type, or `meeting.*`."""
    family = f"{event_type.split('.')[0]}.*"
    return any(pattern in ("*", event_type, family) for pattern in endpoint.events)


def new_secret(random_bytes: RandomBytes) -> str:
    return "whsec_" + base64.b64encode(random_bytes(SECRET_BYTES)).decode()


def payload(event: Event, data: Mapping[str, Any]) -> bytes:
    at = event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {
        "type": event.type,
        "timestamp": at,
        "data": {"id": event.id, "meetingId": event.meeting, "number": event.number, **data},
    }
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def headers(endpoint: Endpoint, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The three headers of the standard; a replaced secret signs beside the new one for a while."""
    timestamp = int(now.timestamp())
    secrets = [endpoint.secret]
    until = endpoint.previous_secret_expires_at
    if endpoint.previous_secret is not None and until is not None and now < until:
        secrets.append(endpoint.previous_secret)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(one, message_id, timestamp, body) for one in secrets),
    }


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def pause_after(attempts: int, chance: float, schedule: Sequence[int] = RETRY_SECONDS) -> timedelta | None:
    """How long to wait after so many failed attempts; None when there is to be no other.

    Args:
        attempts: Failed attempts so far, >= 1.
        chance: Evenly spread in [0, 1).
    """
    if attempts > len(schedule):
        return None
    return timedelta(seconds=schedule[attempts - 1] * (1 + JITTER * (2 * chance - 1)))
