"""/v1/regions, /v1/nodes, and what tells about the service itself."""

from __future__ import annotations

from chalice.app import Response

from chalicelib.bootstrap import utc_now
from chalicelib.routes import views
from chalicelib.routes.bodies import DrainBody, EndBody
from chalicelib.routes.docs_page import page
from chalicelib.routes.http import Call, json_response, keeper_of
from chalicelib.routes.openapi import document


def list_regions(call: Call) -> Response:
    config = call.services.config
    items = [{"id": region, "home": region == config.region} for region in config.regions]
    return json_response({"items": items, "nextCursor": None})


def list_nodes(call: Call) -> Response:
    keeper_of(call, "see_nodes")
    now = utc_now()
    items = [views.node(node, now) for node in call.services.fleet.nodes()]
    return json_response({"items": items, "nextCursor": None})


def show_node(call: Call, node: str) -> Response:
    keeper_of(call, "see_nodes")
    return json_response(views.node(call.services.fleet.node(node), utc_now()))


def drain_node(call: Call, node: str) -> Response:
    """It takes no new meetings; its reports say when the last one has gone."""
    keeper_of(call, "drain_node")
    seconds = call.body(DrainBody).deadline_seconds
    found = call.services.fleet.drain(node, seconds, call.request_id)
    return json_response(views.node(found, utc_now()), 202)


def undrain_node(call: Call, node: str) -> Response:
    keeper_of(call, "drain_node")
    call.body(EndBody)
    return json_response(views.node(call.services.fleet.undrain(node, call.request_id), utc_now()), 202)


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
