"""Meetings in the OpenAPI document: making and changing them, joining them, and their log."""

from __future__ import annotations

from typing import Any

from chalicelib.routes.openapi_people import join_operation
from chalicelib.routes.openapi_recordings import ACTIVE_RECORDING
from chalicelib.routes.openapi_words import (
    ANYBODY,
    COUNT,
    CURSOR,
    IF_MATCH,
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
MEETING_SCHEMAS: dict[str, Schema] = {
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
}


def meeting_paths(meeting: Schema, idempotency_key: Schema) -> dict[str, Any]:
    shown = {"anyOf": [reference("Meeting"), reference("PublicMeeting")]}
    return {
        "/meetings": {"post": _create(idempotency_key), "get": _list()},
        "/meetings/{meeting}": {
            "parameters": [meeting],
            "get": operation("show_meeting", "Show a meeting; guests see its public part", 200, shown,
                             ANYBODY, "401 404"),
            "patch": _change(),
            "delete": _delete(),
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
            "delete": operation("give_up", "Wait no longer", 204, {}, WAITING, "401 403 404"),
        },
    }  # fmt: skip


def event_paths(meeting: Schema) -> dict[str, Any]:
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
    return {"/meetings/{meeting}/events": {"parameters": [meeting], "get": events}}


def _create(idempotency_key: Schema) -> Schema:
    create = operation(
        "create_meeting",
        "Create a meeting",
        201,
        reference("Meeting"),
        MAKER,
        "400 401 413 415 422",
        "CreateMeeting",
    )
    return {**create, "parameters": [idempotency_key]}


def _list() -> Schema:
    listed = operation(
        "list_meetings",
        "List the tenant's meetings, or those that a person made, newest first",
        200,
        listing("Meeting"),
        MAKER,
        "401 403 422",
    )
    limit = parameter(
        "limit", "query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "Page size."
    )
    state = parameter("state", "query", PUBLIC["state"], "Only meetings in this state.")
    return {**listed, "parameters": [limit, CURSOR, state, OF]}


def _change() -> Schema:
    changed = operation(
        "change_meeting", "Change it: title, times, lock, waiting room, passcode", 200, reference("Meeting"),
        MODERATOR, "400 401 403 404 410 412 413 415 422", "ChangeMeeting",
    )  # fmt: skip
    return {**changed, "parameters": [IF_MATCH]}


def _delete() -> Schema:
    deleted = operation(
        "delete_meeting", "Delete it: it ends, nobody sees it any more, two days later it is erased", 204, {},
        MAKER, "401 403 404 409 412",
    )  # fmt: skip
    deleted["responses"]["204"] = {"description": "Done."}
    return {**deleted, "parameters": [IF_MATCH]}
