"""One request through the gateway: checked, handed on, answered. The HTTP listener is elsewhere."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from localcloud.control_plane import ControlPlane, HandlerTimeoutError, OverloadedError
from localcloud.gateway.event import HttpRequest, proxy_event
from localcloud.gateway.problem import (
    GatewayProblem,
    HttpResponse,
    bad_gateway,
    overloaded,
    payload_too_large,
    timed_out,
    uri_too_long,
)
from localcloud.gateway.result import http_response

BODY_LIMIT_BYTES = 10 * 1024 * 1024
HEADER_LIMIT_BYTES = 10_240

log = logging.getLogger(__name__)


class Gateway:
    """A REST API of one proxy resource: every path and method goes to the control plane's function."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane
        self._binary_types: list[str] = list(control_plane.api.api.binary_types)

    async def handle_request(self, request: HttpRequest) -> HttpResponse:
        """Answer any request whatever; nothing that a client sends raises."""
        request_id = str(uuid4())
        try:
            response = await self._answer(request, request_id)
        except GatewayProblem as problem:
            response = problem.response(path=request.path, request_id=request_id)
            # As the function's own answers: a page that may read those reads these.
            response.headers.extend(self._control_plane.api.cors_headers(request.header("origin")).items())
        response.headers.append(("x-amzn-RequestId", request_id))
        return response

    async def _answer(self, request: HttpRequest, request_id: str) -> HttpResponse:
        check_limits(request)
        now = datetime.now(UTC)
        event = proxy_event(request, request_id=request_id, now=now, binary_types=self._binary_types)
        result = await self._call(event, request_id)
        return http_response(result, request, self._binary_types)

    async def _call(self, event: dict[str, Any], request_id: str) -> Any:
        try:
            return await self._control_plane.invoke(self._control_plane.api, event, request_id=request_id)
        except OverloadedError as error:
            raise overloaded() from error
        except HandlerTimeoutError as error:
            raise timed_out(self._control_plane.timeout_seconds) from error
        except Exception as error:
            log.exception("handler failed", extra={"request_id": request_id})
            raise bad_gateway() from error


def check_limits(request: HttpRequest) -> None:
    """Refuse what API Gateway would not take.

    Raises:
        GatewayProblem: 413 for the body, 414 for request line and headers together.
    """
    if len(request.body) > BODY_LIMIT_BYTES:
        raise payload_too_large(BODY_LIMIT_BYTES)
    line = len(request.method) + len(request.path) + len(request.query)
    if line + sum(len(name) + len(value) for name, value in request.headers) > HEADER_LIMIT_BYTES:
        raise uri_too_long(HEADER_LIMIT_BYTES)
