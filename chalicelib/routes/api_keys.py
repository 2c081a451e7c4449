"""/v1/api-keys and /v1/oauth/token: keys of servers, and tokens that stand for them."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl

from chalice.app import Response

from chalicelib import errors
from chalicelib.bootstrap import ApiKey, utc_now
from chalicelib.routes import views
from chalicelib.routes.bodies import CreateApiKeyBody, TokenForm
from chalicelib.routes.http import Call, checked, idempotency_key, json_response, keeper_of, key_of

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 20


def create_api_key(call: Call) -> Response:
    caller = keeper_of(call, "manage_api_keys")
    body = call.body(CreateApiKeyBody)
    scopes = frozenset(body.scopes) if body.scopes is not None else None
    made = call.services.api_keys.create(caller, body.name, scopes, idempotency_key(call), utc_now())
    headers = {"Location": f"{call.services.config.api_url}/api-keys/{made.key.id}"}
    return json_response({**view(made.key), "secret": made.secret}, 201, headers)


def list_api_keys(call: Call) -> Response:
    items = [view(key) for key in call.services.api_keys.list(keeper_of(call, "manage_api_keys"))]
    return json_response({"items": items, "nextCursor": None})


def show_api_key(call: Call, key: str) -> Response:
    return json_response(view(call.services.api_keys.find(keeper_of(call, "manage_api_keys"), key)))


def delete_api_key(call: Call, key: str) -> Response:
    call.services.api_keys.revoke(keeper_of(call, "manage_api_keys"), key)
    return Response("", status_code=204, headers={"Content-Type": "application/json"})


def issue_token(call: Call) -> Response:
    """RFC 6749, 4.4.2; the key and its secret come as Basic credentials (2.3.1)."""
    form = checked(TokenForm, _form(call))
    # A token does not beget another one: who has it for an hour has it for an hour.
    if not call.is_basic:
        raise errors.UnauthorizedError(
            "A token is given for an API key and its secret: send Basic credentials."
        )
    caller = key_of(call)
    granted = call.services.callers.access_token(caller, form.scope, utc_now(), os.urandom)
    answer = {
        "access_token": granted.token,
        "token_type": "Bearer",
        "expires_in": int(granted.lifetime.total_seconds()),
        "scope": " ".join(sorted(granted.scopes)),
    }
    return json_response(answer)


def _form(call: Call) -> dict[str, str]:
    """The fields of a form; one that comes twice is refused (RFC 6749, 3.2)."""
    content_type = (call.header("content-type") or FORM).split(";")[0].strip().lower()
    if content_type != FORM:
        raise errors.UnsupportedMediaTypeError(f"The body has to be {FORM}, not {content_type}.")
    try:
        text = call.raw.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise errors.MalformedFormError("The body is not a form.") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise errors.MalformedFormError("A field came twice.")
    return fields


def view(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "createdAt": views.timestamp(key.created_at),
        "lastUsedAt": views.timestamp(key.last_used_at),
    }
