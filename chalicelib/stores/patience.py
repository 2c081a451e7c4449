"""How long a store is waited for: the connection to DynamoDB whose every call ends within a second.

A call is tried again where that helps: after a throttled, failed or lost answer, with the same request token,
so that DynamoDB makes a transaction once. No attempt begins when the half second of a call is over, and none
lasts longer than `attempt_seconds`; then the caller gets 503 with Retry-After rather than a hang.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ReadTimeoutError
from pynamodb.connection import Connection

from chalicelib.stores.regions import RegionalConnection

# DynamoDB answers in milliseconds: what takes as long as this was lost, and another try is the cure.
ATTEMPT_SECONDS = 0.4
# Until then an attempt may begin: two that are never answered, or four that are refused at once.
LAST_START_SECONDS = 0.5
# Pauses of 50, 100 and 200 ms between them. botocore's other modes pause for up to seconds.
ATTEMPTS = 4
RETRIES = {"mode": "legacy", "total_max_attempts": ATTEMPTS}
_BEGAN = "parley_began"


def open_connection(
    attempt_seconds: float = ATTEMPT_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
    others: tuple[str, ...] = (),
) -> Connection:
    """A connection with its client made already, which is not thread safe.

    Args:
        others: Regions with tables of their own, which `in_region` chooses among.
    """
    options: dict[str, Any] = {
        "connect_timeout_seconds": attempt_seconds,
        "read_timeout_seconds": attempt_seconds,
        "retry_configuration": RETRIES,
        "max_pool_connections": 32,
    }

    def opened(region: str) -> Connection:
        return _patient(Connection(region=region, **options), monotonic)

    return _patient(RegionalConnection(others, opened, **options), monotonic)


def _patient(connection: Connection, monotonic: Callable[[], float]) -> Connection:
    def refuse_late_attempts(request: Any, **_: Any) -> None:
        began = request.context.setdefault(_BEGAN, monotonic())
        if monotonic() - began > LAST_START_SECONDS:
            raise ReadTimeoutError(endpoint_url=request.url)

    connection.client.meta.events.register("request-created.dynamodb", refuse_late_attempts)
    return connection
