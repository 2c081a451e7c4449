"""The part of the OpenAPI document that tells of API keys and access tokens."""

from __future__ import annotations

from typing import Any, get_args

from chalicelib.routes.bodies import ScopeName
from chalicelib.routes.openapi_words import (
    ANYBODY,
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

_KEY: dict[str, Schema] = {
    "id": {"type": "string", "pattern": "^key_[a-z2-7]{26}$"},
    "name": TEXT,
    "scopes": {"type": "array", "items": {"type": "string", "enum": list(get_args(ScopeName))}},
    "createdAt": TIME,
    "lastUsedAt": {**nullable(TIME), "description": "To within five minutes."},
}
KEY_SCHEMAS: dict[str, Schema] = {
    "ApiKey": record(**_KEY),
    "ApiKeyWithSecret": record(
        **_KEY,
        secret={**nullable(TEXT), "description": "Told this once; null in the answer to a repeated request."},
    ),
    "AccessToken": record(
        access_token=TEXT,
        token_type={"const": "Bearer"},
        expires_in={"type": "integer", "minimum": 1},
        scope=TEXT,
    ),
    "User": record(
        id={"type": "string", "pattern": "^usr_[a-z2-7]{26}$"},
        tenant=TEXT,
        operator={"type": "boolean"},
        name=nullable(TEXT),
        preferences={"type": "object", "additionalProperties": TEXT},
    ),
    "SignIn": record(
        issuer=TEXT,
        clientId=TEXT,
        scope=TEXT,
        authorizationEndpoint={"type": "string", "format": "uri"},
        tokenEndpoint={"type": "string", "format": "uri"},
    ),
    "OAuthProblem": {
        **record(error=TEXT, error_description=TEXT, status={"type": "integer"}, code=TEXT, requestId=TEXT),
        "description": "RFC 6749, 5.2, beside the fields of every other problem.",
    },
}
_BASIC: list[dict[str, list[str]]] = [{"apiKey": []}]


def key_paths(idempotency_key: Schema) -> dict[str, Any]:
    key = parameter("key", "path", TEXT, "An id (`key_…`).")
    create = operation("create_api_key", "Make an API key; its secret is told this once", 201,
                       reference("ApiKeyWithSecret"), KEEPER, "400 401 403 409 413 415 422",
                       "CreateApiKey")  # fmt: skip
    create["parameters"] = [idempotency_key]
    return {
        "/api-keys": {
            "post": create,
            "get": operation("list_api_keys", "The tenant's keys, newest first", 200,
                             listing("ApiKey"), KEEPER, "401 403"),
        },
        "/api-keys/{key}": {
            "parameters": [key],
            "get": operation("show_api_key", "Show one", 200, reference("ApiKey"), KEEPER, "401 403 404"),
            "delete": operation("delete_api_key", "Revoke it: it is dead within a minute", 204, {}, KEEPER,
                                "401 403 404"),
        },
        "/users/me": {
            "get": operation("show_me", "Who signed in", 200, reference("User"), [{"user": []}], "401"),
            "patch": {
                **operation("change_me", "Change what you chose for yourself", 200, reference("User"),
                            [{"user": []}], "400 401 412 413 415 422", "ChangeMe"),
                "parameters": [IF_MATCH],
            },
        },
        "/sign-in": {
            "get": operation("show_sign_in", "Where people sign in (authorization code with PKCE)", 200,
                             listing("SignIn"), ANYBODY, "401"),
        },
        "/oauth/token": {"post": _token()},
    }  # fmt: skip


def _token() -> Schema:
    token = operation("issue_token", "An access token for an API key (client credentials)", 200,
                      reference("AccessToken"), _BASIC, "400 401 413 415 422", "TokenRequest")  # fmt: skip
    body = token["requestBody"]["content"].pop("application/json")
    token["requestBody"] = {"required": True, "content": {"application/x-www-form-urlencoded": body}}
    problem = {"application/json": {"schema": reference("OAuthProblem")}}
    for code in ("400", "401", "415", "422"):
        token["responses"][code] = {**token["responses"][code], "content": problem}
    return token
