"""What an answer is good for in the next call: the links of the OpenAPI document (OpenAPI 3.1, 4.8.20)."""

from __future__ import annotations

from typing import Any

from chalicelib.routes.openapi_words import Schema

BODY_ID = "$response.body#/id"
MEETING = {"meeting": BODY_ID}
BY_CODE = {"meeting": "$response.body#/code"}
IN_MEETING = {"meeting": "$request.path.meeting"}
ADMITTED = {"meeting": "$response.body#/meeting/id", "participant": "$response.body#/participant/id"}
WAITS = {**IN_MEETING, "participant": "$response.body#/participant/id"}
FIRST_PERSON = {**IN_MEETING, "participant": "$response.body#/items/0/id"}
SAME_PERSON = {**IN_MEETING, "participant": "$request.path.participant"}
ENDPOINT = {"endpoint": BODY_ID}
SAME_ENDPOINT = {"endpoint": "$request.path.endpoint"}
KEY = {"key": BODY_ID}
RECORDING = {"recording": BODY_ID}
SAME_RECORDING = {"recording": "$request.path.recording"}
FIRST_RECORDING = {"recording": "$response.body#/items/0/id"}
FIRST_NODE = {"node": "$response.body#/items/0/id"}
SAME_NODE = {"node": "$request.path.node"}

OF_A_MEETING = (
    *("show_meeting", "change_meeting", "end_meeting", "join_meeting", "list_participants", "list_events"),
    *("admit_all", "mute_all", "show_quality", "delete_meeting", "list_meeting_recordings"),
    "start_recording",
)
OF_A_PARTICIPANT = (
    *("show_participant", "change_participant", "remove_participant", "mute_participant"),
    "show_participant_quality",
)
OF_AN_ENDPOINT = (
    *("show_webhook_endpoint", "change_webhook_endpoint", "delete_webhook_endpoint"),
    *("rotate_webhook_secret", "test_webhook_endpoint", "list_webhook_deliveries"),
)

OF_A_RECORDING = (
    *("show_recording", "change_recording", "delete_recording", "open_recording", "list_recording_access"),
    *("stop_recording", "pause_recording", "resume_recording", "compose_recording"),
    *("make_recording_link", "list_recording_links"),
)

# From which operation's answer, of which status, to which operations, with which parameters.
LINKS: tuple[tuple[str, str, tuple[str, ...], dict[str, str]], ...] = (
    ("create_meeting", "201", OF_A_MEETING, MEETING),
    ("show_meeting", "200", ("join_meeting",), BY_CODE),
    ("change_meeting", "200", ("show_meeting", "join_meeting", "list_events"), MEETING),
    ("end_meeting", "200", ("show_meeting", "list_participants", "list_events"), MEETING),
    ("join_meeting", "201", OF_A_PARTICIPANT, ADMITTED),
    ("join_meeting", "202", ("show_participant", "admit_participant", "deny_participant"), WAITS),
    ("list_participants", "200", ("show_participant",), FIRST_PERSON),
    ("admit_participant", "200", ("show_participant", "remove_participant"), SAME_PERSON),
    ("deny_participant", "200", ("show_participant", "admit_participant"), SAME_PERSON),
    ("change_participant", "200", ("show_participant",), SAME_PERSON),
    ("remove_participant", "204", ("show_participant", "admit_participant"), SAME_PERSON),
    ("create_api_key", "201", ("show_api_key", "delete_api_key"), KEY),
    ("create_webhook_endpoint", "201", OF_AN_ENDPOINT, ENDPOINT),
    ("change_webhook_endpoint", "200", ("show_webhook_endpoint",), SAME_ENDPOINT),
    (
        "list_webhook_deliveries",
        "200",
        ("retry_webhook_delivery",),
        {**SAME_ENDPOINT, "delivery": "$response.body#/items/0/id"},
    ),
    ("start_recording", "201", OF_A_RECORDING, RECORDING),
    ("list_recordings", "200", ("show_recording", "open_recording"), FIRST_RECORDING),
    ("stop_recording", "202", ("show_recording", "compose_recording"), SAME_RECORDING),
    ("pause_recording", "202", ("show_recording", "resume_recording"), SAME_RECORDING),
    ("list_nodes", "200", ("show_node", "drain_node", "undrain_node"), FIRST_NODE),
    ("drain_node", "202", ("undrain_node", "show_node"), SAME_NODE),
)


def link(paths: dict[str, Any]) -> None:
    """Write the links beside the answers that they start from."""
    operation_by_id: dict[str, Schema] = {
        one["operationId"]: one
        for item in paths.values()
        for verb, one in item.items()
        if verb != "parameters"
    }
    for source, status, targets, parameters in LINKS:
        links = operation_by_id[source]["responses"][status].setdefault("links", {})
        for target in targets:
            links[target] = {"operationId": operation_by_id[target]["operationId"], "parameters": parameters}
