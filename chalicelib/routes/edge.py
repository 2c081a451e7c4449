"""The API as one function behind one proxy resource, as it is deployed and as localcloud calls it.

API Gateway hands every path and method to the same function (docs/decisions/0006). What it would do for
resources of its own is done here: which route a path is, 404, 405, preflights, and the CORS headers of
every answer, errors included.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Chalice, Response

from chalicelib import errors
from chalicelib.routes.cors import Cors
from chalicelib.routes.http import problem
from chalicelib.routes.route_table import RouteTable


class Edge(Chalice):
    """A Chalice app that finds its route by the request's path; called with proxy events, version 1.0."""

    def __init__(self, app_name: str, cors: Callable[[], Cors]) -> None:
        """
        Args:
            cors: Asked with each request, so that nothing is built before there is one.
        """
        super().__init__(app_name=app_name)
        self._cors = cors

    @functools.cached_property
    def _table(self) -> RouteTable:
        return RouteTable(self.routes)

    def cors_headers(self, origin: str | None) -> Mapping[str, str]:
        """Of answers to a page of this origin, whoever makes them."""
        return self._cors().headers(origin)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        origin = _origin(event)
        answer = self._answer(event, context, origin)
        answer["headers"] = _with(answer["headers"], self.cors_headers(origin))
        return answer

    def _answer(self, event: Mapping[str, Any], context: Any, origin: str | None) -> dict[str, Any]:
        path, method = event["path"], event["httpMethod"]
        match = self._table.match(path)
        if match is None:
            return self._refusal(event, errors.NotFoundError(f"There is nothing at {path[:200]}."))
        methods = sorted(self.routes[match.resource])
        if method == "OPTIONS":
            headers: dict[str, str | list[str]] = {**self._cors().preflight(origin, methods)}
            return Response("", headers, 204).to_dict()
        if method not in methods:
            return self._refusal(event, errors.MethodNotAllowedError(method, methods))
        where = {"resourcePath": match.resource, "path": path}
        called = {
            **event,
            "resource": match.resource,
            "pathParameters": match.parameters or None,
            "requestContext": {**event["requestContext"], **where},
        }
        return super().__call__(called, context)

    def _refusal(self, event: Mapping[str, Any], error: errors.CallerError) -> dict[str, Any]:
        response = problem(error, {**event["requestContext"], "path": event["path"]})
        response.headers["X-Request-Id"] = event["requestContext"].get("requestId", "")
        response.headers["Cache-Control"] = "no-store"
        return response.to_dict()


def _origin(event: Mapping[str, Any]) -> str | None:
    """The one Origin of a request; a browser sends no second."""
    for name, value in (event.get("headers") or {}).items():
        if name.lower() == "origin":
            return str(value)
    return None


def _with(headers: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Both; what an answer varies by already, it still varies by."""
    merged = {**headers, **more}
    varies = {one.strip() for one in f"{headers.get('Vary', '')},{more.get('Vary', '')}".split(",")} - {""}
    if varies:
        merged["Vary"] = ", ".join(sorted(varies))
    return merged
