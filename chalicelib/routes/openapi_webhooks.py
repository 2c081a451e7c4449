"""The part of the OpenAPI document that tells of webhooks."""

from __future__ import annotations

from typing import Any

from chalicelib.routes.openapi_words import (
    COUNT,
    CURSOR,
    IF_MATCH,
    KEEPER,
    TEXT,
    TIME,
    Schema,
    listing,
    nullable,
    operation,
    parameter,
    record,
    reference,
)

_ENDPOINT: dict[str, Schema] = {
    "id": {"type": "string", "pattern": "^whe_[a-z2-7]{26}$"},
    "url": TEXT,
    "events": {"type": "array", "items": TEXT, "description": "`*`, `meeting.*` or whole types."},
    "description": TEXT,
    "disabled": {"type": "boolean"},
    "createdAt": TIME,
    "previousSecretExpiresAt": nullable(TIME),
}
WEBHOOK_SCHEMAS: dict[str, Schema] = {
    "WebhookEndpoint": record(**_ENDPOINT),
    "WebhookEndpointWithSecret": record(**_ENDPOINT, secret={"type": "string", "pattern": "^whsec_"}),
    "WebhookTest": record(
        delivered={"type": "boolean"}, status=nullable({"type": "integer"}), error=nullable(TEXT)
    ),
    "WebhookDelivery": record(
        id={"type": "string", "pattern": "^dlv_"},
        meeting=TEXT,
        number=COUNT,
        type=TEXT,
        state={"type": "string", "enum": ["delivered", "retrying", "failed"]},
        attempts=COUNT,
        status=nullable({"type": "integer"}),
        error=nullable(TEXT),
        attemptedAt=TIME,
        nextAttemptAt=nullable(TIME),
    ),
}


def webhook_paths(idempotency_key: Schema) -> dict[str, Any]:
    endpoint = parameter("endpoint", "path", TEXT, "An id (`whe_…`).")
    delivery = parameter("delivery", "path", TEXT, "An id (`dlv_…`).")
    shown, secret = reference("WebhookEndpoint"), reference("WebhookEndpointWithSecret")
    create = operation(
        "create_webhook_endpoint",
        "Send events to a URL; the secret is told this once",
        201,
        secret,
        KEEPER,
        "400 401 403 409 413 415 422",
        "CreateWebhookEndpoint",
    )
    create["parameters"] = [idempotency_key]
    deliveries = operation(
        "list_webhook_deliveries",
        "What became of the latest events, for a week",
        200,
        listing("WebhookDelivery"),
        KEEPER,
        "401 403 404 422",
    )
    deliveries["parameters"] = [
        parameter(
            "limit", "query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "Page size."
        ),
        CURSOR,
    ]
    deleted = operation("delete_webhook_endpoint", "Delete it", 204, {}, KEEPER, "401 403 404 412")
    deleted["responses"]["204"] = {"description": "Done."}
    problems = "400 401 403 404 413 415 422"
    one = "/webhook-endpoints/{endpoint}"
    changed = operation(
        "change_webhook_endpoint", "Change it", 200, shown, KEEPER, f"{problems} 412", "PatchWebhookEndpoint"
    )
    changed["parameters"] = deleted["parameters"] = [IF_MATCH]
    return {
        "/webhook-endpoints": {
            "post": create,
            "get": operation("list_webhook_endpoints", "List the endpoints", 200,
                             listing("WebhookEndpoint"), KEEPER, "401 403"),
        },
        one: {
            "parameters": [endpoint],
            "get": operation("show_webhook_endpoint", "Show one", 200, shown, KEEPER, "401 403 404"),
            "patch": changed,
            "delete": deleted,
        },
        f"{one}/rotate-secret": {
            "parameters": [endpoint],
            "post": operation("rotate_webhook_secret", "A new secret; the old one signs for another day",
                              200, secret, KEEPER, problems, "Empty"),
        },
        f"{one}/test": {
            "parameters": [endpoint],
            "post": operation("test_webhook_endpoint", "Send a `webhook.test` now", 200,
                              reference("WebhookTest"), KEEPER, problems, "Empty"),
        },
        f"{one}/deliveries": {"parameters": [endpoint], "get": deliveries},
        f"{one}/deliveries/{{delivery}}/retry": {
            "parameters": [endpoint, delivery],
            "post": operation("retry_webhook_delivery", "Send an event once more, now", 200,
                              reference("WebhookDelivery"), KEEPER, problems, "Empty"),
        },
    }  # fmt: skip
