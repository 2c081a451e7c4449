"""The control plane's clock: one event per period, as an EventBridge rule sends it to its function."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

log = logging.getLogger(__name__)


async def run_schedule(
    invoke: Callable[[dict[str, Any]], Awaitable[Any]], *, name: str, period_seconds: float
) -> None:
    """Invoke for ever; a failed invocation is logged, and the next one comes at its time."""
    while True:
        await asyncio.sleep(period_seconds)
        try:
            await invoke(scheduled_event(name, datetime.now(UTC)))
        except Exception:
            log.exception("scheduled %s failed", name)


def scheduled_event(name: str, now: datetime) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "local",
        "resources": [f"arn:aws:events:local:000000000000:rule/{name}"],
        "detail": {},
    }
