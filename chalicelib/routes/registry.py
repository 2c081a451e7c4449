"""The routes of the API, as one table. openapi.py tells the same to clients; a test compares them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import Chalice, CORSConfig, Response

from chalicelib.routes import events, fleet, meetings
from chalicelib.routes.http import answered

# Any page may call: credentials travel in a header that only the page's own code can set.
CORS = CORSConfig(allow_origin="*", allow_headers=["Idempotency-Key"], max_age=600)

ROUTES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("POST", "/v1/meetings", meetings.create_meeting),
    ("GET", "/v1/meetings", meetings.list_meetings),
    ("GET", "/v1/meetings/{meeting}", meetings.show_meeting),
    ("POST", "/v1/meetings/{meeting}/end", meetings.end_meeting),
    ("POST", "/v1/meetings/{meeting}/join", meetings.join_meeting),
    ("GET", "/v1/meetings/{meeting}/participants", meetings.list_participants),
    ("GET", "/v1/meetings/{meeting}/events", events.list_events),
    ("GET", "/v1/regions", fleet.list_regions),
    ("GET", "/v1/nodes", fleet.list_nodes),
    ("GET", "/v1/nodes/{node}", fleet.show_node),
    ("GET", "/v1/health", fleet.show_health),
    ("GET", "/v1/openapi.json", fleet.show_openapi),
    ("GET", "/v1/.well-known/jwks.json", fleet.show_jwks),
)


def register(api: Chalice) -> None:
    for method, path, view in ROUTES:
        options: dict[str, Any] = {
            "methods": [method],
            "cors": CORS,
            "content_types": ["*/*"],
            "name": view.__name__,
        }
        api.route(path, **options)(answered(api, view))
