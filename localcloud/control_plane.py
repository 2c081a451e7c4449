"""The control plane's handlers, called as Lambda calls them: one event, one context, one thread each.

Owns the import of `app` and the threads its handlers run in. Never looks inside an answer.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from uuid import uuid4

# As many requests at once; more wait in the pool's queue. Handlers wait for DynamoDB most of the time.
WORKERS = 16
# Waiting requests beyond this are refused, as Lambda throttles: an answer in time beats a long queue.
MOST_WAITING = 512
TIMEOUT_SECONDS = 29.0  # API Gateway's own limit for an integration.


class OverloadedError(Exception):
    """More calls wait than could be answered in time."""


class HandlerTimeoutError(Exception):
    """The handler did not return in time; its thread goes on, as nothing can stop it."""


@dataclass(frozen=True)
class LambdaContext:
    """The second argument of a Lambda handler."""

    function_name: str
    aws_request_id: str
    deadline: float
    memory_limit_in_mb: int = 1024
    function_version: str = "$LATEST"
    log_group_name: str = "local"
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None
    invoked_function_arn: str = field(init=False)

    def __post_init__(self) -> None:
        arn = f"arn:aws:lambda:local:000000000000:function:{self.function_name}"
        object.__setattr__(self, "invoked_function_arn", arn)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class ControlPlane:
    """Handlers of one module by name."""

    def __init__(
        self,
        module: ModuleType,
        *,
        most_waiting: int = MOST_WAITING,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._module = module
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="control-plane")
        self._vacancies = threading.Semaphore(most_waiting)
        self.timeout_seconds = timeout_seconds
        self.api = module.app
        isolate_requests(self.api)

    def handler(self, name: str) -> Callable[[Any, Any], Any]:
        handler: Callable[[Any, Any], Any] = getattr(self._module, name)
        return handler

    async def invoke(
        self, handler: Callable[[Any, Any], Any], event: Mapping[str, Any], *, request_id: str | None = None
    ) -> Any:
        """Run a handler in a thread and return what it returned, as JSON would carry it.

        Raises:
            OverloadedError, HandlerTimeoutError: see there.
            Exception: whatever the handler raised.
        """
        if not self._vacancies.acquire(blocking=False):
            raise OverloadedError
        name = getattr(handler, "__name__", type(handler).__name__)
        context = LambdaContext(name, request_id or str(uuid4()), time.monotonic() + self.timeout_seconds)
        future = self._pool.submit(lambda: json.loads(json.dumps(handler(event, context))))
        future.add_done_callback(lambda _: self._vacancies.release())
        try:
            # `wait_for` would swallow a cancellation that comes as the handler ends.
            async with asyncio.timeout(self.timeout_seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            if future.done() and not future.cancelled() and future.exception() is error:
                raise
            raise HandlerTimeoutError(name) from error

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def load_control_plane(module_name: str = "app") -> ControlPlane:
    """Import the control plane; its environment has to be complete before."""
    return ControlPlane(importlib.import_module(module_name))


def isolate_requests(api: Any) -> None:
    """Give each thread its own `current_request`.

    A Lambda environment serves one request at a time, so Chalice keeps the request on the app object.
    Here threads share that object. Chalice's own local mode replaces the same two attributes.
    """
    local = threading.local()

    def thread_attribute(name: str) -> property:
        return property(lambda _: getattr(local, name, None), lambda _, value: setattr(local, name, value))

    names = ("current_request", "lambda_context")
    for name in names:
        vars(api).pop(name, None)
    attributes = {name: thread_attribute(name) for name in names}
    api.__class__ = type(type(api).__name__, (type(api),), attributes)
