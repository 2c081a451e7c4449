"""/v1/meetings: create, list, show, change, end, and join."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

from chalice.app import Response

from chalicelib import errors
from chalicelib.bootstrap import (
    Admission,
    JoinWishes,
    Meeting,
    MeetingWishes,
    Moderator,
    NodeId,
    RegionWish,
    Waiting,
    utc_now,
)
from chalicelib.routes import views
from chalicelib.routes.bodies import (
    ChangeMeetingBody,
    CreateMeetingBody,
    EndBody,
    JoinBody,
    ListMeetingsQuery,
)
from chalicelib.routes.http import Call, checked, idempotency_key, json_response, maker_of
from chalicelib.routes.measures import count_made_elsewhere


def create_meeting(call: Call) -> Response:
    caller = maker_of(call, "create_meeting")
    body = call.body(CreateMeetingBody)
    wishes = MeetingWishes(
        title=body.title,
        guests=body.guests,
        max_participants=body.max_participants,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        max_duration=timedelta(seconds=body.max_duration_seconds),
        end_after_empty=timedelta(seconds=body.end_after_empty_seconds),
        region=_known_region(call, body.region),
        metadata=body.metadata,
        passcode_hash=call.services.passcodes.hash(body.passcode) if body.passcode is not None else None,
        waiting_room=body.waiting_room,
        auto_admit=frozenset(body.auto_admit),
        auto_admit_external_ids=frozenset(body.auto_admit_external_ids),
        expected_participants=body.expected_participants,
        media=body.media,
        recording=body.recording,
    )
    where = RegionWish(None, body.region_round_trips, _position(call))
    meeting = call.services.creating.create(caller, wishes, idempotency_key(call), utc_now(), where)
    if wishes.region is None and meeting.home_region != call.services.config.region:
        count_made_elsewhere()
    headers = {"Location": f"{call.services.config.api_url}/meetings/{meeting.id}"}
    return json_response(views.meeting_full(meeting, call.services.config.app_url), 201, headers)


def list_meetings(call: Call) -> Response:
    caller = maker_of(call, "list_meetings")
    # A query is text: numbers in it are parsed, not taken for another type.
    query = checked(ListMeetingsQuery, call.query())
    page, mark = call.services.meetings.page(
        caller, query.state, query.limit, views.mark_of(query.cursor), query.of == "tenant"
    )
    items = [views.meeting_full(meeting, call.services.config.app_url) for meeting in page]
    return json_response({"items": items, "nextCursor": views.cursor_of(mark)})


def show_meeting(call: Call, meeting: str) -> Response:
    app_url = call.services.config.app_url
    found, whole = call.services.meetings.look(call.caller, meeting)
    return json_response((views.meeting_full if whole else views.meeting_public)(found, app_url))


def change_meeting(call: Call, meeting: str) -> Response:
    body = call.body(ChangeMeetingBody)
    fields = {name: getattr(body, name) for name in body.model_fields_set}
    for name in fields.keys() & {"auto_admit", "auto_admit_external_ids"}:
        fields[name] = frozenset(fields[name])
    for name in fields.keys() & {"max_duration_seconds", "end_after_empty_seconds"}:
        fields[name.removesuffix("_seconds")] = timedelta(seconds=fields.pop(name))
    if "passcode" in fields:
        passcode = fields.pop("passcode")
        fields["passcode_hash"] = call.services.passcodes.hash(passcode) if passcode is not None else None

    def is_as_read(current: Meeting) -> None:
        call.require_match(views.meeting_full(current, call.services.config.app_url))

    by = Moderator(call.caller, meeting, call.request_id, utc_now())
    changed = call.services.moderation.configure(by, fields, is_as_read)
    return json_response(views.meeting_full(changed, call.services.config.app_url))


def end_meeting(call: Call, meeting: str) -> Response:
    call.body(EndBody)
    ended = call.services.meetings.end(call.caller, meeting, call.request_id, utc_now())
    return json_response(views.meeting_full(ended, call.services.config.app_url))


def delete_meeting(call: Call, meeting: str) -> Response:
    def is_as_read(current: Meeting) -> None:
        call.require_match(views.meeting_full(current, call.services.config.app_url))

    call.services.meetings.delete(call.caller, meeting, call.request_id, utc_now(), is_as_read)
    return Response("", status_code=204, headers={"Content-Type": "application/json"})


def join_meeting(call: Call, meeting: str) -> Response:
    body = call.body(JoinBody)
    wishes = JoinWishes(
        display_name=body.display_name,
        role=body.role,
        external_id=body.external_id,
        resume_token=body.resume_token,
        region=RegionWish(_known_region(call, body.region), body.region_round_trips, _position(call)),
        refused_by=NodeId(body.refused_by) if body.refused_by is not None else None,
        passcode=body.passcode,
        source=call.source,
        key=idempotency_key(call),
        request=_request_digest(body),
    )
    return entrance_response(call, call.services.join.join(call.caller, meeting, wishes))


def ask_again(call: Call, meeting: str) -> Response:
    return entrance_response(call, call.services.join.ask_again(call.caller, meeting))


def give_up(call: Call, meeting: str) -> Response:
    call.services.join.give_up(call.caller, meeting)
    return Response("", status_code=204)


def entrance_response(call: Call, answer: Admission | Waiting) -> Response:
    if isinstance(answer, Waiting):
        return json_response(views.waiting(answer), 202, {"Retry-After": "1"})
    where = f"meetings/{answer.meeting.id}/participants/{answer.participant.id}"
    return json_response(
        views.admission(answer), 201, {"Location": f"{call.services.config.api_url}/{where}"}
    )


def _request_digest(body: JoinBody) -> str:
    """The same for the same request. Of a passcode only that there is one: a hash would give it away."""
    plain = {**body.model_dump(mode="json"), "passcode": body.passcode is not None}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _position(call: Call) -> tuple[float, float] | None:
    """Latitude and longitude of the client's address, where an edge in front of the API tells them."""
    named = [call.header(f"CloudFront-Viewer-{name}") for name in ("Latitude", "Longitude")]
    try:
        latitude, longitude = (float(value or "nan") for value in named)
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _known_region(call: Call, region: str | None) -> str | None:
    if region is not None and region not in call.services.config.regions:
        known = ", ".join(call.services.config.regions)
        raise errors.ValidationFailedError([errors.BrokenRule("/region", f"The regions are: {known}.")])
    return region
