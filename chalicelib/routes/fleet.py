"""/v1/regions, /v1/nodes, and what tells about the service itself."""

from __future__ import annotations

from chalice.app import Response

from chalicelib import errors
from chalicelib.bootstrap import ApiKeyCaller, utc_now
from chalicelib.routes import views
from chalicelib.routes.docs_page import page
from chalicelib.routes.http import Call, json_response
from chalicelib.routes.openapi import document


def list_regions(call: Call) -> Response:
    config = call.services.config
    items = [{"id": region, "home": region == config.region} for region in config.regions]
    return json_response({"items": items, "nextCursor": None})


def list_nodes(call: Call) -> Response:
    _require_key(call)
    now = utc_now()
    items = [views.node(node, now) for node in call.services.fleet.nodes()]
    return json_response({"items": items, "nextCursor": None})


def show_node(call: Call, node: str) -> Response:
    _require_key(call)
    return json_response(views.node(call.services.fleet.node(node), utc_now()))


def show_health(call: Call) -> Response:
    return json_response({"status": "ok", "region": call.services.config.region})


def show_openapi(call: Call) -> Response:
    return json_response(
        document(call.services.config.api_url), headers={"Cache-Control": "public, max-age=300"}
    )


def show_docs(call: Call) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "public, max-age=300",
        # It has a style of its own and nothing else.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(page(call.services.config.api_url), headers=headers)


def show_jwks(call: Call) -> Response:
    return json_response(call.services.signer.jwks(), headers={"Cache-Control": "public, max-age=300"})


def _require_key(call: Call) -> None:
    if not isinstance(call.caller, ApiKeyCaller):
        raise errors.UnauthorizedError("This call needs an API key.")
