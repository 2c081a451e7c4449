"""The part of the OpenAPI document that tells of quality."""

from __future__ import annotations

from chalicelib.routes.openapi_words import (
    COUNT,
    KEY,
    TEXT,
    TIME,
    Schema,
    listing,
    nullable,
    operation,
    parameter,
    record,
)

NUMBER: Schema = {"type": "number", "minimum": 0}
# As points say it themselves.
INSTANT: Schema = {
    "type": "string",
    "pattern": r"^2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$",
    "examples": ["2030-05-02T09:00:10.000Z"],
}
_POINT: dict[str, Schema] = {
    "at": TIME,
    "seconds": {
        "type": "integer",
        "minimum": 1,
        "description": "What it spans; rates are means of it.",
    },
    "verdict": {
        "type": "string",
        "enum": ["good", "uplink", "downlink", "sender", "node"],
        "description": "The side that speaks against the quality: the participant's uplink or downlink, "
        "those whom it watches, or a node short of CPU.",
    },
    "uplink": record(bps=COUNT, lossPercent=NUMBER, jitterMs=NUMBER, nacks=COUNT, keyframeRequests=COUNT),
    "downlink": record(
        bps=COUNT,
        lossPercent=NUMBER,
        rttMs=nullable(NUMBER),
        estimateBps=nullable(COUNT),
        queueMs=NUMBER,
        fps=NUMBER,
        freezes=COUNT,
        frozenMs=COUNT,
        retransmissions=COUNT,
        nacks=COUNT,
        keyframeRequests=COUNT,
    ),
    "shown": {
        "type": "array",
        "description": "The pictures it was given: whose, how large, and what they were limited by.",
        "items": record(
            participant=TEXT,
            source={"type": "string", "enum": ["camera", "screen"]},
            height=COUNT,
            fps=COUNT,
            paused={"type": "boolean"},
            reason={"type": "string", "enum": ["wish", "bandwidth", "sender", "node"]},
        ),
    },
}
QUALITY_SCHEMAS: dict[str, Schema] = {
    "QualityPoint": record(**_POINT),
    "ParticipantQuality": record(participant=TEXT, **_POINT),
}


def quality_paths(meeting: Schema) -> dict[str, Schema]:
    participant = parameter("participant", "path", TEXT, "An id (`par_…`).")
    overview = operation(
        "show_quality",
        "The latest quality of everybody",
        200,
        listing("ParticipantQuality"),
        KEY,
        "401 404 422",
    )
    overview["parameters"] = [
        parameter(
            "cursor",
            "query",
            {"type": "string", "pattern": "^par_[a-z2-7]{26}$"},
            "`nextCursor` of the page before.",
        ),
        parameter("limit", "query", _limit(100), "Page size."),
    ]
    timeline = operation(
        "show_participant_quality",
        "The quality of one participant over the last 24 hours, in points of ten seconds",
        200,
        listing("QualityPoint"),
        KEY,
        "401 404 422",
    )
    timeline["parameters"] = [
        parameter(
            "after", "query", INSTANT, "Only points that begin later; `cursor` is another name for it."
        ),
        parameter("limit", "query", _limit(360), "Page size."),
    ]
    return {
        "/meetings/{meeting}/quality": {"parameters": [meeting], "get": overview},
        "/meetings/{meeting}/participants/{participant}/quality": {
            "parameters": [meeting, participant],
            "get": timeline,
        },
    }


def _limit(default: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": 1000, "default": default}
