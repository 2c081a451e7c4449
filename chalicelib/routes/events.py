"""/v1/meetings/{meeting}/events: the numbered log."""

from __future__ import annotations

from chalice.app import Response

from chalicelib.routes import views
from chalicelib.routes.bodies import ListEventsQuery
from chalicelib.routes.http import Call, checked, json_response


def list_events(call: Call, meeting: str) -> Response:
    query = checked(ListEventsQuery, call.query())
    events, more, last = call.services.events.page(
        call.caller, meeting, query.after, query.limit, query.wait_seconds
    )
    cursor = str(events[-1].number) if more else None
    items = [views.event(event) for event in events]
    return json_response({"items": items, "nextCursor": cursor, "last": last})
