"""/v1/meetings/{meeting}/quality and …/participants/{participant}/quality."""

from __future__ import annotations

from chalice.app import Response

from chalicelib.routes.bodies import QualityOverviewQuery, QualityTimelineQuery
from chalicelib.routes.http import Call, checked, json_response


def show_quality(call: Call, meeting: str) -> Response:
    """The latest of everybody."""
    query = checked(QualityOverviewQuery, call.query())
    entries, more = call.services.quality.overview(call.caller, meeting, query.cursor, query.limit)
    items = [{"participant": entry.participant, **entry.points[-1]} for entry in entries]
    return json_response({"items": items, "nextCursor": more})


def show_participant_quality(call: Call, meeting: str, participant: str) -> Response:
    query = checked(QualityTimelineQuery, call.query())
    points, more = call.services.quality.timeline(call.caller, meeting, participant, query.after, query.limit)
    return json_response({"items": points, "nextCursor": more})
