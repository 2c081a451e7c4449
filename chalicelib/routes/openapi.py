"""The OpenAPI 3.1 document: bodies from the models that check them, answers as views.py makes them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import get_args

from pydantic import BaseModel

from chalicelib.routes.bodies import (
    ChangeMeBody,
    ChangeMeetingBody,
    ChangeParticipantBody,
    CreateApiKeyBody,
    CreateEndpointBody,
    CreateMeetingBody,
    DrainBody,
    EmptyBody,
    EndBody,
    JoinBody,
    MuteBody,
    PatchEndpointBody,
    PersonState,
    TokenForm,
)
from chalicelib.routes.openapi_connection_tests import CONNECTION_TEST_SCHEMAS, connection_test_paths
from chalicelib.routes.openapi_examples import show_bodies
from chalicelib.routes.openapi_headers import HEADERS, show_headers
from chalicelib.routes.openapi_keys import KEY_SCHEMAS, key_paths
from chalicelib.routes.openapi_links import link
from chalicelib.routes.openapi_meetings import MEETING_SCHEMAS, event_paths, meeting_paths
from chalicelib.routes.openapi_nodes import NODE_SCHEMAS, node_paths
from chalicelib.routes.openapi_people import people
from chalicelib.routes.openapi_quality import QUALITY_SCHEMAS, quality_paths
from chalicelib.routes.openapi_recordings import (
    ACTIVE_RECORDING,
    RECORDING_BODIES,
    RECORDING_SCHEMAS,
    recording_paths,
)
from chalicelib.routes.openapi_usage import USAGE_SCHEMAS, usage_paths
from chalicelib.routes.openapi_webhooks import WEBHOOK_SCHEMAS, webhook_paths
from chalicelib.routes.openapi_words import (
    ANYBODY,
    COUNT,
    MINUTES,
    TEXT,
    TIME,
    Schema,
    nullable,
    operation,
    parameter,
    record,
    reference,
)

SCHEMAS: dict[str, Schema] = {
    **MEETING_SCHEMAS,
    "Admission": record(
        participant=record(id=TEXT, role=TEXT, displayName=TEXT),
        meeting=record(id=TEXT, code=TEXT, title=nullable(TEXT)),
        recording=ACTIVE_RECORDING,
        node=record(id=TEXT, url=TEXT, region=TEXT),
        standby=nullable(record(id=TEXT, url=TEXT, region=TEXT)),
        token=TEXT,
        tokenExpiresAt=TIME,
        resumeToken=TEXT,
        iceServers={"type": "array", "items": {"type": "object"}},
    ),
    "Waiting": record(
        state={"const": "waiting"},
        participant=record(id=TEXT, role=TEXT, displayName=TEXT),
        waitingToken=TEXT,
        pollAfterMs=COUNT,
    ),
    "Participant": record(
        id=TEXT,
        displayName=TEXT,
        role=TEXT,
        state={"type": "string", "enum": list(get_args(PersonState))},
        externalId=nullable(TEXT),
        askedAt=TIME,
        joinedAt=nullable(TIME),
        leftAt=nullable(TIME),
        attendedMinutes=MINUTES,
    ),
    **NODE_SCHEMAS,
    "Health": record(status={"const": "ok"}, region=TEXT),
    "Problem": {
        **record(
            type=TEXT,
            title=TEXT,
            status={"type": "integer"},
            detail=TEXT,
            instance=TEXT,
            code=TEXT,
            requestId=TEXT,
        ),
        "description": "RFC 9457 problem details; `errors` names every broken rule of a 422.",
    },
}
SCHEMAS["Problem"]["properties"]["errors"] = {"type": "array", "items": record(pointer=TEXT, detail=TEXT)}


def paths() -> dict[str, Schema]:
    meeting = parameter("meeting", "path", TEXT, "An id (`mtg_…`) or a code (`abc-defg-hij`).")
    idempotency_key = parameter(
        "Idempotency-Key",
        "header",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        "The same key with the same body gives the same answer for 24 hours.",
    )
    return {
        **meeting_paths(meeting, idempotency_key),
        **people(meeting),
        **event_paths(meeting),
        **quality_paths(meeting),
        **key_paths(idempotency_key),
        **webhook_paths(idempotency_key),
        **usage_paths(),
        **connection_test_paths(),
        **recording_paths(meeting, idempotency_key),
        **node_paths(),
        **_own_paths(),
    }


def _own_paths() -> dict[str, Schema]:
    """What the API says of itself."""
    docs = operation("show_docs", "This document as a page", 200, TEXT, ANYBODY, "401")
    docs["responses"]["200"]["content"] = {"text/html": {"schema": TEXT}}
    return {
        "/health": {
            "get": operation("show_health", "Whether it answers", 200, reference("Health"), ANYBODY, "401")
        },
        "/docs": {"get": docs},
        "/openapi.json": {
            "get": operation("show_openapi", "This document", 200, {"type": "object"}, ANYBODY, "401")
        },
        "/.well-known/jwks.json": {
            "get": operation("show_jwks", "The keys that tokens are verified with", 200,
                             record(keys={"type": "array", "items": {"type": "object"}}), ANYBODY, "401"),
        },
    }  # fmt: skip


# What requests carry, by the names of their schemas.
BODIES: dict[str, type[BaseModel]] = {
    "CreateMeeting": CreateMeetingBody,
    "JoinMeeting": JoinBody,
    "Drain": DrainBody,
    "EndMeeting": EndBody,
    "CreateApiKey": CreateApiKeyBody,
    "TokenRequest": TokenForm,
    "CreateWebhookEndpoint": CreateEndpointBody,
    "PatchWebhookEndpoint": PatchEndpointBody,
    "Empty": EmptyBody,
    "ChangeMeeting": ChangeMeetingBody,
    "ChangeParticipant": ChangeParticipantBody,
    "ChangeMe": ChangeMeBody,
    "NoContent": EndBody,
    "Mute": MuteBody,
    **RECORDING_BODIES,
}
# The schemas of what the API answers.
ANSWERS: Schema = {
    **SCHEMAS,
    **QUALITY_SCHEMAS,
    **KEY_SCHEMAS,
    **WEBHOOK_SCHEMAS,
    **USAGE_SCHEMAS,
    **CONNECTION_TEST_SCHEMAS,
    **RECORDING_SCHEMAS,
}
SECURITY_SCHEMES: Schema = {
    "apiKey": {
        "type": "http",
        "scheme": "basic",
        "description": "An API key's id and its secret.",
    },
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "Of `POST /oauth/token`: stands for an API key for an hour.",
    },
    "user": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token of a trusted issuer; `GET /sign-in` names them.",
    },
    "participant": {
        "type": "http",
        "scheme": "bearer",
        "description": "The resume token, or waiting token, of somebody in the meeting.",
    },
}


@functools.cache
def document(api_url: str) -> Schema:
    described = paths()
    link(described)
    show_headers(described)
    requests = _schemas(BODIES)
    show_bodies(described, requests)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parley",
            "version": "0.1.0",
            "description": "Meetings, who may join them, and which media node carries them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": api_url}],
        "paths": described,
        "components": {
            "headers": HEADERS,
            "schemas": {**ANSWERS, **requests},
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _schemas(bodies: Mapping[str, type[BaseModel]]) -> dict[str, Schema]:
    """Of the bodies, and of the models within them: references in a document lead to its components."""
    found: dict[str, Schema] = {}
    for name, model in bodies.items():
        schema = model.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
        found.update(schema.pop("$defs", {}))
        found[name] = schema
    return found
