"""Gateway responses: what the gateway says itself, without asking the control plane.

In AWS these are the configured gateway responses of the stage; both speak RFC 9457 problem details.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HttpResponse:
    """What goes back to the client."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


@dataclass(eq=False)  # Not frozen: Python writes the traceback into an exception.
class GatewayProblem(Exception):
    """A request that ends in the gateway."""

    status: int
    code: str
    title: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, *, path: str, request_id: str) -> HttpResponse:
        body = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": path,
            "code": self.code,
            "requestId": request_id,
        }
        headers = [("Content-Type", "application/problem+json"), *self.headers.items()]
        return HttpResponse(self.status, headers, json.dumps(body).encode())


def payload_too_large(limit: int) -> GatewayProblem:
    detail = f"A request body may have {limit} bytes at most."
    return GatewayProblem(413, "payload_too_large", "Content Too Large", detail)


def uri_too_long(limit: int) -> GatewayProblem:
    detail = f"Request line and header values may have {limit} bytes at most."
    return GatewayProblem(414, "uri_too_long", "URI Too Long", detail)


def bad_gateway() -> GatewayProblem:
    detail = "The control plane failed to answer; the request id finds it in the log."
    return GatewayProblem(502, "internal_error", "Bad Gateway", detail)


def timed_out(seconds: float) -> GatewayProblem:
    detail = f"The control plane did not answer within {seconds:g} seconds."
    return GatewayProblem(504, "timeout", "Gateway Timeout", detail, {"Retry-After": "1"})


def overloaded() -> GatewayProblem:
    detail = "All of the control plane's workers are busy; try again."
    return GatewayProblem(503, "overloaded", "Service Unavailable", detail, {"Retry-After": "1"})
