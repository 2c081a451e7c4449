"""One request to the API and its answer: credentials, patience, problem details as errors.

Owns the HTTP connection. A call that the API could not take now (429, 503) or that nobody answered is sent
again, after the pause that the API names or a growing one; whoever calls sees the last answer. What makes
something carries an idempotency key, so that sending it again makes nothing twice.
Source: RFC 9110 (idempotent methods, Retry-After), RFC 9457 (problem details).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from parley.errors import ApiError, UnreachableError
from parley.settings import Connection

# A long poll is answered after 20 s at most, everything else within a second.
TIMEOUT_SECONDS = 30.0
ATTEMPTS = 4
LONGEST_PAUSE_SECONDS = 10.0
NOT_NOW = (429, 503)

Json = dict[str, Any]


class Http:
    """
    Args:
        transport: What carries requests, for tests; None is the network.
        sleep: Waits for so many seconds.
    """

    def __init__(
        self,
        connection: Connection,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sleep = sleep
        headers = {"Authorization": f"Bearer {connection.token}"} if connection.token else {}
        auth = (connection.key_id, connection.key_secret) if connection.key_id else None
        self._client = httpx.Client(
            base_url=connection.api_url,
            auth=auth,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )

    def close(self) -> None:
        self._client.close()

    def call(self, method: str, path: str, *, repeatable: bool = True, **options: Any) -> Json:
        """The answer's object; empty where the answer has none.

        Args:
            repeatable: Sending it twice does what sending it once does.

        Raises:
            ApiError: The API refused, or still could not take it after the last attempt.
            UnreachableError: Nothing answered there.
        """
        answer = self._answer(method, path, repeatable, options)
        try:
            body = answer.json() if answer.content else {}
        except ValueError:
            body = {}
        if not isinstance(body, dict):
            body = {}
        if answer.is_error:
            raise ApiError(answer.status_code, body)
        return body

    def _answer(self, method: str, path: str, repeatable: bool, options: Mapping[str, Any]) -> httpx.Response:
        for attempt in range(1, ATTEMPTS + 1):
            is_last = attempt == ATTEMPTS
            try:
                answer = self._client.request(method, path, **options)
            except httpx.HTTPError as error:
                # Whoever was not connected to has heard nothing.
                is_unheard = isinstance(error, httpx.ConnectError)
                if is_last or not (repeatable or is_unheard):
                    raise UnreachableError(f"{self._client.base_url} does not answer: {error}.") from error
                self._sleep(_pause(attempt, None))
                continue
            pause = _pause(attempt, answer.headers.get("Retry-After"))
            # Who is told to wait for longer hears of it instead.
            if is_last or answer.status_code not in NOT_NOW or pause > LONGEST_PAUSE_SECONDS:
                return answer
            self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")


def _pause(attempt: int, wanted: str | None) -> float:
    """Seconds until the next attempt: what the answer says, else half a second, one, two; a bit random."""
    chance = 0.5 + random.random() / 2
    if wanted is not None and wanted.isascii() and wanted.isdigit():
        return float(wanted) + chance
    return 0.5 * (1 << (attempt - 1)) * chance
