"""The routes of the API, as one table. openapi.py tells the same to clients; a test compares them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import Chalice, Response

from chalicelib.routes import (
    api_keys,
    connection_tests,
    events,
    fleet,
    meetings,
    participants,
    people,
    quality,
    recordings,
    usage,
    webhooks,
)
from chalicelib.routes.cors import Cors
from chalicelib.routes.http import allowed_origins, answered

ROUTES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("POST", "/v1/meetings", meetings.create_meeting),
    ("GET", "/v1/meetings", meetings.list_meetings),
    ("GET", "/v1/meetings/{meeting}", meetings.show_meeting),
    ("POST", "/v1/meetings/{meeting}/end", meetings.end_meeting),
    ("POST", "/v1/meetings/{meeting}/join", meetings.join_meeting),
    ("GET", "/v1/meetings/{meeting}/join", meetings.ask_again),
    ("DELETE", "/v1/meetings/{meeting}/join", meetings.give_up),
    ("PATCH", "/v1/meetings/{meeting}", meetings.change_meeting),
    ("DELETE", "/v1/meetings/{meeting}", meetings.delete_meeting),
    ("GET", "/v1/meetings/{meeting}/participants", participants.list_participants),
    ("POST", "/v1/meetings/{meeting}/participants/admit-all", participants.admit_all),
    ("POST", "/v1/meetings/{meeting}/participants/mute-all", participants.mute_all),
    ("GET", "/v1/meetings/{meeting}/participants/{participant}", participants.show_participant),
    ("PATCH", "/v1/meetings/{meeting}/participants/{participant}", participants.change_participant),
    ("DELETE", "/v1/meetings/{meeting}/participants/{participant}", participants.remove_participant),
    ("POST", "/v1/meetings/{meeting}/participants/{participant}/admit", participants.admit_participant),
    ("POST", "/v1/meetings/{meeting}/participants/{participant}/deny", participants.deny_participant),
    ("POST", "/v1/meetings/{meeting}/participants/{participant}/mute", participants.mute_participant),
    ("GET", "/v1/meetings/{meeting}/events", events.list_events),
    ("POST", "/v1/meetings/{meeting}/recordings", recordings.start_recording),
    ("GET", "/v1/meetings/{meeting}/recordings", recordings.list_meeting_recordings),
    ("GET", "/v1/recordings", recordings.list_recordings),
    ("GET", "/v1/recordings/{recording}", recordings.show_recording),
    ("PATCH", "/v1/recordings/{recording}", recordings.change_recording),
    ("DELETE", "/v1/recordings/{recording}", recordings.delete_recording),
    ("POST", "/v1/recordings/{recording}/stop", recordings.stop_recording),
    ("POST", "/v1/recordings/{recording}/pause", recordings.pause_recording),
    ("POST", "/v1/recordings/{recording}/resume", recordings.resume_recording),
    ("GET", "/v1/recordings/{recording}/media", recordings.open_recording),
    ("GET", "/v1/recordings/{recording}/access-log", recordings.list_recording_access),
    ("POST", "/v1/recordings/{recording}/compositions", recordings.compose_recording),
    ("POST", "/v1/recordings/{recording}/links", recordings.make_recording_link),
    ("GET", "/v1/recordings/{recording}/links", recordings.list_recording_links),
    ("DELETE", "/v1/recordings/{recording}/links/{link}", recordings.delete_recording_link),
    ("POST", "/v1/api-keys", api_keys.create_api_key),
    ("GET", "/v1/api-keys", api_keys.list_api_keys),
    ("GET", "/v1/api-keys/{key}", api_keys.show_api_key),
    ("DELETE", "/v1/api-keys/{key}", api_keys.delete_api_key),
    ("GET", "/v1/users/me", people.show_me),
    ("PATCH", "/v1/users/me", people.change_me),
    ("GET", "/v1/sign-in", people.show_sign_in),
    ("POST", "/v1/oauth/token", api_keys.issue_token),
    ("POST", "/v1/webhook-endpoints", webhooks.create_webhook_endpoint),
    ("GET", "/v1/webhook-endpoints", webhooks.list_webhook_endpoints),
    ("GET", "/v1/webhook-endpoints/{endpoint}", webhooks.show_webhook_endpoint),
    ("PATCH", "/v1/webhook-endpoints/{endpoint}", webhooks.change_webhook_endpoint),
    ("DELETE", "/v1/webhook-endpoints/{endpoint}", webhooks.delete_webhook_endpoint),
    ("POST", "/v1/webhook-endpoints/{endpoint}/rotate-secret", webhooks.rotate_webhook_secret),
    ("POST", "/v1/webhook-endpoints/{endpoint}/test", webhooks.test_webhook_endpoint),
    ("GET", "/v1/webhook-endpoints/{endpoint}/deliveries", webhooks.list_webhook_deliveries),
    (
        "POST",
        "/v1/webhook-endpoints/{endpoint}/deliveries/{delivery}/retry",
        webhooks.retry_webhook_delivery,
    ),
    ("GET", "/v1/meetings/{meeting}/quality", quality.show_quality),
    ("GET", "/v1/meetings/{meeting}/participants/{participant}/quality", quality.show_participant_quality),
    ("GET", "/v1/usage", usage.show_usage),
    ("POST", "/v1/connection-tests", connection_tests.begin_connection_test),
    ("GET", "/v1/regions", fleet.list_regions),
    ("GET", "/v1/nodes", fleet.list_nodes),
    ("GET", "/v1/nodes/{node}", fleet.show_node),
    ("POST", "/v1/nodes/{node}/drain", fleet.drain_node),
    ("POST", "/v1/nodes/{node}/undrain", fleet.undrain_node),
    ("GET", "/v1/health", fleet.show_health),
    ("GET", "/v1/docs", fleet.show_docs),
    ("GET", "/v1/openapi.json", fleet.show_openapi),
    ("GET", "/v1/.well-known/jwks.json", fleet.show_jwks),
)


def register(api: Chalice) -> None:
    for method, path, view in ROUTES:
        options: dict[str, Any] = {
            "methods": [method],
            "content_types": ["*/*"],
            "name": view.__name__,
        }
        api.route(path, **options)(answered(api, view))


def cors() -> Cors:
    """Whose pages may read answers, as the environment says."""
    return Cors(allowed_origins())
