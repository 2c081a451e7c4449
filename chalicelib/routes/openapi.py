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
    PatchEndpointBody,
    PersonState,
    TokenForm,
)
from chalicelib.routes.openapi_connection_tests import CONNECTION_TEST_SCHEMAS, connection_test_paths
from chalicelib.routes.openapi_examples import show_bodies
from chalicelib.routes.openapi_headers import HEADERS, show_headers
from chalicelib.routes.openapi_keys import KEY_SCHEMAS, key_paths
from chalicelib.routes.openapi_links import link
from chalicelib.routes.openapi_people import join_operation, people
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
    CURSOR,
    IF_MATCH,
    KEEPER,
    MAKER,
    MINUTES,
    MODERATOR,
    OF,
    TEXT,
    TIME,
    WAITING,
    Schema,
    listing,
    nullable,
    operation,
    parameter,
    record,
    reference,
)

PUBLIC = {
    "id": {"type": "string", "pattern": "^mtg_[a-z2-7]{26}$"},
    "code": {"type": "string", "pattern": "^[a-z]{3}-[a-z]{4}-[a-z]{3}$"},
    "title": nullable(TEXT),
    "state": {"type": "string", "enum": ["created", "live", "ended"]},
    "link": {"type": "string", "format": "uri"},
    "guests": {"type": "boolean"},
    "hasPasscode": {"type": "boolean"},
    "homeRegion": TEXT,
    "startsAt": nullable(TIME),
    "endsAt": nullable(TIME),
    "recording": {"type": "string", "enum": ["off", "allowed", "automatic"]},
    "activeRecording": ACTIVE_RECORDING,
    "createdAt": TIME,
}
SCHEMAS: dict[str, Schema] = {
    "PublicMeeting": record(**PUBLIC),
    "Meeting": record(
        **PUBLIC,
        maxParticipants=COUNT,
        expectedParticipants=nullable(COUNT),
        media={"type": "string", "enum": ["video", "audio"]},
        maxDurationSeconds=COUNT,
        endAfterEmptySeconds=COUNT,
        metadata={"type": "object", "additionalProperties": TEXT},
        locked={"type": "boolean"},
        waitingRoom={"type": "boolean"},
        autoAdmit={"type": "array", "items": {"enum": ["organisation", "returning"]}},
        autoAdmitExternalIds={"type": "array", "items": TEXT},
        encryption={"enum": ["transport", "endToEnd"]},
        participantCount=COUNT,
        participantMinutes=MINUTES,
        egressBytes=COUNT,
        liveSince=nullable(TIME),
        endedAt=nullable(TIME),
        endReason={"enum": ["requested", "scheduled", "length", "empty", "overdue", None]},
    ),
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
    "Event": record(
        id={"type": "string", "pattern": "^evt_[a-z2-7]{26}$"},
        number={"type": "integer", "minimum": 1},
        type=TEXT,
        at=TIME,
        meeting=TEXT,
        data={
            "type": "object",
            "description": "`meeting`: its fields that changed; `participant`, `recording`: one of them.",
        },
    ),
    "Events": record(
        items={"type": "array", "items": reference("Event")},
        nextCursor=nullable(TEXT),
        last={**COUNT, "description": "The number of the last event, so that one may wait for the next."},
    ),
    "Region": record(id=TEXT, home={"type": "boolean"}),
    "Node": record(
        id=TEXT,
        region=TEXT,
        zone=nullable(TEXT),
        url=TEXT,
        metricsUrl=TEXT,
        state={"type": "string", "enum": ["ready", "draining", "drained", "lost"]},
        bootId=TEXT,
        capacityUnits=COUNT,
        usedUnits=COUNT,
        reservedUnits={"type": "integer"},
        cpuBusy={"type": "number"},
        meetings=COUNT,
        drainUntil={
            **nullable(TIME),
            "description": "While it drains: when whoever is still there is sent away. Null: nobody is.",
        },
        lastReportAt=TIME,
    ),
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
    node = parameter("node", "path", TEXT, "An id (`node_…`).")
    create = operation(
        "create_meeting",
        "Create a meeting",
        201,
        reference("Meeting"),
        MAKER,
        "400 401 413 415 422",
        "CreateMeeting",
    )
    idempotency_key = parameter(
        "Idempotency-Key",
        "header",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        "The same key with the same body gives the same answer for 24 hours.",
    )
    create["parameters"] = [idempotency_key]
    listed = operation(
        "list_meetings",
        "List the tenant's meetings, or those that a person made, newest first",
        200,
        listing("Meeting"),
        MAKER,
        "401 403 422",
    )
    listed["parameters"] = [
        parameter(
            "limit", "query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "Page size."
        ),
        CURSOR,
        parameter("state", "query", PUBLIC["state"], "Only meetings in this state."),
        OF,
    ]
    events = operation(
        "list_events", "The numbered log of a meeting", 200, reference("Events"), MODERATOR, "401 403 404 422"
    )
    events["parameters"] = [
        parameter("after", "query", {"type": "integer", "minimum": 0, "maximum": 999_999_999, "default": 0},
                  "Only events with a higher number; `cursor` is another name for it."),
        parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
                  "Page size."),
        parameter("waitSeconds", "query", {"type": "integer", "minimum": 0, "maximum": 20, "default": 0},
                  "Where there is none yet, wait this long for one."),
    ]  # fmt: skip
    changed = operation(
        "change_meeting", "Change it: title, times, lock, waiting room, passcode", 200, reference("Meeting"),
        MODERATOR, "400 401 403 404 410 412 413 415 422", "ChangeMeeting",
    )  # fmt: skip
    changed["parameters"] = [IF_MATCH]
    deleted = operation(
        "delete_meeting", "Delete it: it ends, nobody sees it any more, two days later it is erased", 204, {},
        MAKER, "401 403 404 409 412",
    )  # fmt: skip
    deleted["responses"]["204"] = {"description": "Done."}
    deleted["parameters"] = [IF_MATCH]
    docs = operation("show_docs", "This document as a page", 200, TEXT, ANYBODY, "401")
    docs["responses"]["200"]["content"] = {"text/html": {"schema": TEXT}}
    shown = {"anyOf": [reference("Meeting"), reference("PublicMeeting")]}
    return {
        "/meetings": {"post": create, "get": listed},
        "/meetings/{meeting}": {
            "parameters": [meeting],
            "get": operation("show_meeting", "Show a meeting; guests see its public part", 200, shown,
                             ANYBODY, "401 404"),
            "patch": changed,
            "delete": deleted,
        },
        "/meetings/{meeting}/end": {
            "parameters": [meeting],
            "post": operation("end_meeting", "End it for everyone", 200, reference("Meeting"), MODERATOR,
                              "400 401 403 404 413 415 422", "EndMeeting"),
        },
        "/meetings/{meeting}/join": {
            "parameters": [meeting],
            "post": {
                **join_operation("join_meeting", "Get a participant, a node and a token", ANYBODY,
                                 "400 401 403 404 409 410 413 415 422 423 429", "JoinMeeting"),
                "parameters": [idempotency_key],
            },
            "get": join_operation("ask_again", "Ask again with the waiting token", WAITING,
                                  "401 403 404 409 410"),
        },
        **people(meeting),
        "/meetings/{meeting}/events": {"parameters": [meeting], "get": events},
        **quality_paths(meeting),
        **key_paths(idempotency_key),
        **webhook_paths(idempotency_key),
        **usage_paths(),
        **connection_test_paths(),
        **recording_paths(meeting, idempotency_key),
        "/regions": {"get": operation("list_regions", "The regions", 200, listing("Region"), ANYBODY, "401")},
        "/nodes": {
            "get": operation("list_nodes", "The media nodes", 200, listing("Node"), KEEPER, "401 403")
        },
        "/nodes/{node}": {
            "parameters": [node],
            "get": operation("show_node", "One media node", 200, reference("Node"), KEEPER, "401 403 404"),
        },
        "/nodes/{node}/drain": {
            "parameters": [node],
            "post": operation("drain_node", "Let it take no new meetings", 202, reference("Node"), KEEPER,
                              "400 401 403 404 422", "Drain"),
        },
        "/nodes/{node}/undrain": {
            "parameters": [node],
            "post": operation("undrain_node", "Let it take meetings again", 202, reference("Node"), KEEPER,
                              "400 401 403 404 422", "NoContent"),
        },
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


@functools.cache
def document(api_url: str) -> Schema:
    bodies: dict[str, type[BaseModel]] = {
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
        **RECORDING_BODIES,
    }
    described = paths()
    link(described)
    show_headers(described)
    requests = _schemas(bodies)
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
            "schemas": {
                **SCHEMAS,
                **QUALITY_SCHEMAS,
                **KEY_SCHEMAS,
                **WEBHOOK_SCHEMAS,
                **USAGE_SCHEMAS,
                **CONNECTION_TEST_SCHEMAS,
                **RECORDING_SCHEMAS,
                **requests,
            },
            "securitySchemes": {
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
            },
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
