"""Requests as people send them, for each operation that takes a body. A test holds them to their schemas."""

from __future__ import annotations

from typing import Any

from chalicelib.routes.openapi_words import Schema

EXAMPLES: dict[str, dict[str, Any]] = {
    "create_meeting": {
        "aMeeting": {"title": "Weekly"},
        "aSeminar": {
            "title": "Seminar",
            "startsAt": "2030-05-02T09:00:00Z",
            "endsAt": "2030-05-02T10:30:00Z",
            "maxParticipants": 300,
            "expectedParticipants": 120,
            "waitingRoom": True,
            "passcode": "tulip-42",
            "metadata": {"course": "B-17"},
        },
    },
    "change_meeting": {
        "locked": {"locked": True},
        "another title, no passcode": {"title": "Retrospective", "passcode": None},
    },
    "end_meeting": {"nothing to say": {}},
    "join_meeting": {
        "a guest": {"displayName": "Ada Lovelace"},
        "a host whom a server vouches for": {
            "displayName": "Grace Hopper",
            "role": "host",
            "externalId": "employee-7",
        },
        "somebody who comes from afar": {
            "displayName": "Ada Lovelace",
            "passcode": "tulip-42",
            "regionRoundTrips": {"eu-central-1": 18, "us-east-1": 95.5},
        },
    },
    "change_participant": {"another role": {"role": "cohost"}, "another name": {"displayName": "Ada L."}},
    "admit_participant": {"nothing to say": {}},
    "deny_participant": {"nothing to say": {}},
    "mute_participant": {"what can be heard": {}, "the camera": {"sources": ["camera"]}},
    "admit_all": {"nothing to say": {}},
    "mute_all": {"what can be heard": {}},
    "start_recording": {"whoever speaks in the picture": {"layout": "speaker"}, "as usual": {}},
    "stop_recording": {"nothing to say": {}},
    "pause_recording": {"nothing to say": {}},
    "resume_recording": {"nothing to say": {}},
    "change_recording": {
        "kept until then, open to all who were there": {
            "retainUntil": "2030-01-01T00:00:00Z", "access": {"participants": True},
        },
        "nobody may delete it": {"legalHold": True},
    },
    "compose_recording": {"everybody in the picture": {"layout": "grid"}},
    "make_recording_link": {"for an hour": {"expiresInSeconds": 3600}},
    "begin_connection_test": {"nothing to say": {}},
    "create_api_key": {"for a server that makes meetings": {
        "name": "billing", "scopes": ["meetings:read", "meetings:write"],
    }},
    "change_me": {"a name and a preference": {"name": "Ada", "preferences": {"theme": "dark"}}},
    "create_webhook_endpoint": {
        "all that happens": {"url": "https://hooks.example.com/parley"},
        "only ends": {"url": "https://hooks.example.com/ends", "events": ["meeting.ended"]},
    },
    "change_webhook_endpoint": {"for a while nothing": {"disabled": True}},
    "rotate_webhook_secret": {"nothing to say": {}},
    "test_webhook_endpoint": {"nothing to say": {}},
    "retry_webhook_delivery": {"nothing to say": {}},
    "drain_node": {"within ten minutes": {"deadlineSeconds": 600}, "when everybody has left": {}},
    "undrain_node": {"nothing to say": {}},
    "issue_token": {"as a client": {"grant_type": "client_credentials", "scope": "meetings:read"}},
}  # fmt: skip


def show_bodies(paths: dict[str, Any], schemas: dict[str, Schema]) -> None:
    """Write examples beside the bodies that they are of, and which operations cannot do without a body."""
    for item in paths.values():
        for verb, operation in item.items():
            if verb == "parameters" or "requestBody" not in operation:
                continue
            named: Schema = {
                name: {"value": value} for name, value in EXAMPLES[operation["operationId"]].items()
            }
            for content in operation["requestBody"]["content"].values():
                content["examples"] = named
                name = content["schema"]["$ref"].rsplit("/", 1)[1]
                operation["requestBody"]["required"] = bool(schemas[name].get("required"))
