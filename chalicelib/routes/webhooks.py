"""/v1/webhook-endpoints: where events go, and what became of each."""

from __future__ import annotations

import base64
from typing import Any

from chalice.app import Response

from chalicelib import errors
from chalicelib.bootstrap import Endpoint, EndpointWishes, Keeper, MeetingId, utc_now
from chalicelib.routes import views
from chalicelib.routes.bodies import (
    CreateEndpointBody,
    EmptyBody,
    ListDeliveriesQuery,
    PatchEndpointBody,
)
from chalicelib.routes.http import Call, checked, idempotency_key, json_response, keeper_of

# The meeting that a test event names: there is none.
NO_MEETING = MeetingId("mtg_" + "a" * 26)


def create_webhook_endpoint(call: Call) -> Response:
    caller = keeper_of(call, "manage_webhooks")
    body = call.body(CreateEndpointBody)
    wishes = EndpointWishes(body.url, tuple(body.events), body.description, body.disabled)
    made = call.services.webhooks.create(caller, wishes, idempotency_key(call), utc_now())
    headers = {"Location": f"{call.services.config.api_url}/webhook-endpoints/{made.id}"}
    return json_response(with_secret(made), 201, headers)


def list_webhook_endpoints(call: Call) -> Response:
    items = [views.endpoint(one) for one in call.services.webhooks.list(keeper_of(call, "manage_webhooks"))]
    return json_response({"items": items, "nextCursor": None})


def show_webhook_endpoint(call: Call, endpoint: str) -> Response:
    return json_response(
        views.endpoint(call.services.webhooks.find(keeper_of(call, "manage_webhooks"), endpoint))
    )


def change_webhook_endpoint(call: Call, endpoint: str) -> Response:
    caller = keeper_of(call, "manage_webhooks")
    body = call.body(PatchEndpointBody)
    _require_match(call, caller, endpoint)
    events = tuple(body.events) if body.events is not None else None
    wishes = EndpointWishes(body.url, events, body.description, body.disabled)
    return json_response(views.endpoint(call.services.webhooks.change(caller, endpoint, wishes)))


def delete_webhook_endpoint(call: Call, endpoint: str) -> Response:
    caller = keeper_of(call, "manage_webhooks")
    _require_match(call, caller, endpoint)
    call.services.webhooks.delete(caller, endpoint)
    return Response("", status_code=204, headers={"Content-Type": "application/json"})


def rotate_webhook_secret(call: Call, endpoint: str) -> Response:
    caller = keeper_of(call, "manage_webhooks")
    call.body(EmptyBody)
    rotated = call.services.webhooks.rotate_secret(caller, endpoint, utc_now())
    return json_response(with_secret(rotated))


def test_webhook_endpoint(call: Call, endpoint: str) -> Response:
    caller = keeper_of(call, "manage_webhooks")
    call.body(EmptyBody)
    sent = call.services.deliveries.test(caller, endpoint, NO_MEETING)
    return json_response({"delivered": sent.succeeded, "status": sent.status, "error": sent.error})


def list_webhook_deliveries(call: Call, endpoint: str) -> Response:
    caller = keeper_of(call, "manage_webhooks")
    query = checked(ListDeliveriesQuery, call.query())
    before = _unwrapped(query.cursor, "/cursor") if query.cursor is not None else None
    page, mark = call.services.deliveries.page(caller, endpoint, query.limit, before)
    items = [views.delivery(one) for one in page]
    return json_response({"items": items, "nextCursor": views.cursor_of(mark)})


def retry_webhook_delivery(call: Call, endpoint: str, delivery: str) -> Response:
    caller = keeper_of(call, "manage_webhooks")
    call.body(EmptyBody)
    meeting, _, number = _unwrapped(delivery.removeprefix("dlv_"), "").partition("#")
    if not number.isdecimal() or len(number) > 9:
        raise errors.NotFoundError("This endpoint has no such delivery.")
    tried = call.services.deliveries.retry(caller, endpoint, MeetingId(meeting), int(number))
    return json_response(views.delivery(tried))


def _require_match(call: Call, caller: Keeper, endpoint: str) -> None:
    if call.header("if-match") is not None:
        call.require_match(views.endpoint(call.services.webhooks.find(caller, endpoint)))


def with_secret(endpoint: Endpoint) -> dict[str, Any]:
    """Told when it is made, and never again."""
    return {**views.endpoint(endpoint), "secret": endpoint.secret}


def _unwrapped(text: str, pointer: str) -> str:
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        plain = ""
    if not plain.isprintable() or not plain.isascii() or "#mtg_" not in f"#{plain}":
        if pointer:
            raise errors.ValidationFailedError([errors.BrokenRule(pointer, "This is no cursor of a list.")])
        raise errors.NotFoundError("This endpoint has no such delivery.")
    return plain
