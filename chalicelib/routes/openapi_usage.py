"""The part of the OpenAPI document about what a tenant used."""

from __future__ import annotations

from typing import Any

from chalicelib.routes.openapi_words import (
    COUNT,
    KEEPER,
    MINUTES,
    Schema,
    nullable,
    operation,
    parameter,
    record,
    reference,
)

_DAY: Schema = {"type": "string", "format": "date"}
_ASKED_DAY: Schema = {**_DAY, "pattern": r"^[2-8]\d{3}-\d\d-\d\d$"}
_USED = {"meetings": COUNT, "meetingMinutes": MINUTES, "participantMinutes": MINUTES, "egressBytes": COUNT}

USAGE_SCHEMAS: dict[str, Schema] = {
    "Usage": {
        **record(
            **{"from": _DAY, "to": _DAY},
            total=record(**_USED),
            liveMeetings={
                **nullable(COUNT),
                "description": "Those that count towards the limit; null without one.",
            },
            limits=record(liveMeetings=nullable(COUNT), participantsPerMeeting=nullable(COUNT)),
            days={"type": "array", "items": record(day=_DAY, **_USED)},
        ),
        "description": "Meetings that have ended, each on the day of its end in UTC; without those to which "
        "nobody came.",
    },
}


def usage_paths() -> dict[str, Any]:
    shown = operation(
        "show_usage", "What the tenant used, by day", 200, reference("Usage"), KEEPER, "401 403 422"
    )
    shown["parameters"] = [
        parameter("from", "query", _ASKED_DAY, "The first day; without it 29 days before the last."),
        parameter("to", "query", _ASKED_DAY, "The last day, at most 365 days later; without it today."),
    ]
    return {"/usage": {"get": shown}}
