"""One request through the gateway: match, authorise, call, answer. The HTTP listener is elsewhere."""

from __future__ import annotations

import functools
import logging
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from localcloud.control_plane import ControlPlane, HandlerTimeoutError, OverloadedError
from localcloud.gateway.authorizer import TokenAuthorizer
from localcloud.gateway.event import ACCOUNT, API, STAGE, HttpRequest, proxy_event
from localcloud.gateway.problem import (
    GatewayProblem,
    HttpResponse,
    bad_gateway,
    method_not_allowed,
    not_found,
    overloaded,
    payload_too_large,
    timed_out,
    unauthorized,
    uri_too_long,
)
from localcloud.gateway.result import http_response
from localcloud.gateway.routes import RouteTable

BODY_LIMIT_BYTES = 10 * 1024 * 1024
HEADER_LIMIT_BYTES = 10_240

log = logging.getLogger(__name__)


class Gateway:
    """The REST API made from the routes that the Chalice app declares."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane
        self._methods: dict[str, dict[str, Any]] = control_plane.api.routes
        self._table = RouteTable(self._methods)
        self._binary_types: list[str] = list(control_plane.api.api.binary_types)
        self._authorizers: dict[str, TokenAuthorizer] = {}

    async def handle_request(self, request: HttpRequest) -> HttpResponse:
        """Answer any request whatever; nothing that a client sends raises."""
        request_id = str(uuid4())
        try:
            response = await self._answer(request, request_id)
        except GatewayProblem as problem:
            response = problem.response(path=request.path, request_id=request_id)
        response.headers.append(("x-amzn-RequestId", request_id))
        return response

    async def _answer(self, request: HttpRequest, request_id: str) -> HttpResponse:
        check_limits(request)
        match = self._table.match(request.path)
        if match is None:
            raise not_found(request.path)
        methods = self._methods[match.resource]
        route = methods.get(request.method)
        if route is None:
            return _answer_undeclared(request, methods)
        authorizer = await self._authorize(route.authorizer, request)
        event = proxy_event(
            request,
            match,
            request_id=request_id,
            now=datetime.now(UTC),
            binary_types=self._binary_types,
            authorizer=authorizer,
        )
        result = await self._call(self._control_plane.api, event, request_id)
        return http_response(result, request, self._binary_types)

    async def _authorize(self, authorizer: Any, request: HttpRequest) -> dict[str, Any] | None:
        if authorizer is None:
            return None
        judge = self._authorizers.get(authorizer.name)
        if judge is None:
            judge = self._authorizers[authorizer.name] = self._authorizer(authorizer)
        arn = f"arn:aws:execute-api:local:{ACCOUNT}:{API}/{STAGE}/{request.method}{request.path}"
        return await judge.authorize(request.header("authorization"), arn, now=time.monotonic())

    def _authorizer(self, authorizer: Any) -> TokenAuthorizer:
        function = self._control_plane.authorizer_function(authorizer)
        ttl = getattr(authorizer.config, "ttl_seconds", None)
        # 300 s is what API Gateway takes where the authorizer does not say.
        ask = functools.partial(self._ask_authorizer, function)
        return TokenAuthorizer(ask, ttl_seconds=300 if ttl is None else ttl)

    async def _ask_authorizer(self, function: Any, event: dict[str, Any]) -> Any:
        try:
            return await self._call(function, event)
        except GatewayProblem as problem:
            # The only way an authorizer function answers 401 is to fail with exactly this word.
            if str(problem.__cause__) == "Unauthorized":
                raise unauthorized() from problem
            raise

    async def _call(self, handler: Any, event: dict[str, Any], request_id: str | None = None) -> Any:
        try:
            return await self._control_plane.invoke(handler, event, request_id=request_id)
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


def _answer_undeclared(request: HttpRequest, methods: dict[str, Any]) -> HttpResponse:
    """A method that the resource has not: a preflight where it has CORS, otherwise a 405."""
    cors = next((route.cors for route in methods.values() if route.cors), None)
    if request.method == "OPTIONS" and cors is not None:
        allowed = ",".join(sorted([*methods, "OPTIONS"]))
        headers = {**cors.get_access_control_headers(), "Access-Control-Allow-Methods": allowed}
        return HttpResponse(200, list(headers.items()))
    raise method_not_allowed(request.method, request.path, sorted(methods))
