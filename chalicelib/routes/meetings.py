"""/v1/meetings: create, list, show, end, join, and who is there."""

from __future__ import annotations

from datetime import timedelta

from chalice.app import Response

from chalicelib import errors
from chalicelib.bootstrap import ApiKeyCaller, JoinWishes, MeetingWishes, utc_now
from chalicelib.routes import views
from chalicelib.routes.bodies import CreateMeetingBody, EndBody, JoinBody, ListMeetingsQuery
from chalicelib.routes.http import Call, checked, idempotency_key, json_response, key_of


def create_meeting(call: Call) -> Response:
    caller = key_of(call)
    body = call.body(CreateMeetingBody)
    wishes = MeetingWishes(
        title=body.title,
        guests=body.guests,
        max_participants=body.max_participants,
        end_after_empty=timedelta(seconds=body.end_after_empty_seconds),
        region=_known_region(call, body.region),
        metadata=body.metadata,
    )
    meeting = call.services.meetings.create(caller, wishes, idempotency_key(call), utc_now())
    headers = {"Location": f"{call.services.config.api_url}/meetings/{meeting.id}"}
    return json_response(views.meeting_full(meeting, call.services.config.app_url), 201, headers)


def list_meetings(call: Call) -> Response:
    caller = key_of(call)
    # A query is text: numbers in it are parsed, not taken for another type.
    query = checked(ListMeetingsQuery, call.query())
    page, mark = call.services.meetings.page(caller, query.state, query.limit, views.mark_of(query.cursor))
    items = [views.meeting_full(meeting, call.services.config.app_url) for meeting in page]
    return json_response({"items": items, "nextCursor": views.cursor_of(mark)})


def show_meeting(call: Call, meeting: str) -> Response:
    app_url = call.services.config.app_url
    if isinstance(call.caller, ApiKeyCaller):
        found = call.services.meetings.find(call.caller, meeting, "see_meeting")
        return json_response(views.meeting_full(found, app_url))
    found = call.services.meetings.find(call.caller, meeting, "see_meeting_public")
    return json_response(views.meeting_public(found, app_url))


def end_meeting(call: Call, meeting: str) -> Response:
    caller = key_of(call)
    call.body(EndBody)
    ended = call.services.meetings.end(caller, meeting, call.request_id, utc_now())
    return json_response(views.meeting_full(ended, call.services.config.app_url))


def join_meeting(call: Call, meeting: str) -> Response:
    body = call.body(JoinBody)
    wishes = JoinWishes(
        display_name=body.display_name,
        role=body.role,
        external_id=body.external_id,
        resume_token=body.resume_token,
        region=_known_region(call, body.region),
    )
    return json_response(views.admission(call.services.join.join(call.caller, meeting, wishes)), 201)


def list_participants(call: Call, meeting: str) -> Response:
    found = call.services.meetings.participants(key_of(call), meeting)
    return json_response({"items": [views.participant(entry) for entry in found], "nextCursor": None})


def _known_region(call: Call, region: str | None) -> str | None:
    if region is not None and region not in call.services.config.regions:
        known = ", ".join(call.services.config.regions)
        raise errors.ValidationFailedError([errors.BrokenRule("/region", f"The regions are: {known}.")])
    return region
