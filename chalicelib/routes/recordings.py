"""/v1/recordings, and those of a meeting: started, directed, listed, kept, opened, deleted."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

from chalice.app import Response

from chalicelib import errors
from chalicelib.bootstrap import Access, LinkCaller, Recording, Requester, StorageAges, UserId, utc_now
from chalicelib.routes import recording_views, views
from chalicelib.routes.bodies import EmptyBody
from chalicelib.routes.http import Call, checked, idempotency_key, json_response, maker_of
from chalicelib.routes.recording_bodies import (
    AccessLogQuery,
    ChangeRecordingBody,
    ComposeBody,
    ListAllRecordingsQuery,
    ListRecordingsQuery,
    MakeLinkBody,
    OpenRecordingQuery,
    StartRecordingBody,
)


def start_recording(call: Call, meeting: str) -> Response:
    body = call.body(StartRecordingBody)
    started = call.services.recordings.start(_by(call), meeting, body.layout, idempotency_key(call))
    headers = {"Location": f"{call.services.config.api_url}/recordings/{started.id}"}
    return json_response(_view(call, started), 201, headers)


def list_meeting_recordings(call: Call, meeting: str) -> Response:
    query = checked(ListRecordingsQuery, call.query())
    page, mark = call.services.recordings.of_meeting(
        call.caller, meeting, query.state, query.limit, views.mark_of(query.cursor)
    )
    return _listing(call, page, mark)


def list_recordings(call: Call) -> Response:
    caller = maker_of(call, "list_recordings")
    query = checked(ListAllRecordingsQuery, call.query())
    page, mark = call.services.recordings.page(
        caller, query.state, query.limit, views.mark_of(query.cursor), query.of == "tenant"
    )
    return _listing(call, page, mark)


def show_recording(call: Call, recording: str) -> Response:
    return json_response(_view(call, call.services.recordings.show(call.caller, recording)))


def change_recording(call: Call, recording: str) -> Response:
    body = call.body(ChangeRecordingBody)
    fields = {name: getattr(body, name) for name in body.model_fields_set}
    if "access" in fields:
        access = body.access
        fields["access"] = Access(access.participants, frozenset(UserId(one) for one in access.users))
    changed = call.services.recordings.change(_by(call), recording, fields, _as_read(call))
    return json_response(_view(call, changed))


def delete_recording(call: Call, recording: str) -> Response:
    deleted = call.services.recordings.delete(_by(call), recording, _as_read(call))
    return json_response(_view(call, deleted), 202)


def stop_recording(call: Call, recording: str) -> Response:
    call.body(EmptyBody)
    return json_response(_view(call, call.services.recordings.direct(_by(call), recording, "stopped")), 202)


def pause_recording(call: Call, recording: str) -> Response:
    call.body(EmptyBody)
    return json_response(_view(call, call.services.recordings.direct(_by(call), recording, "paused")), 202)


def resume_recording(call: Call, recording: str) -> Response:
    call.body(EmptyBody)
    return json_response(_view(call, call.services.recordings.direct(_by(call), recording, "running")), 202)


def open_recording(call: Call, recording: str) -> Response:
    query = checked(OpenRecordingQuery, call.query())
    media = call.services.recording_media.open(
        _by(call), recording, query.kinds, query.layout, query.limit, _unwrapped(query.cursor)
    )
    return json_response(recording_views.media(media))


def list_recording_access(call: Call, recording: str) -> Response:
    query = checked(AccessLogQuery, call.query())
    page, mark = call.services.recording_media.log(
        call.caller, recording, query.limit, _unwrapped(query.cursor)
    )
    items = [recording_views.opened(one) for one in page]
    return json_response({"items": items, "nextCursor": views.cursor_of(mark)})


def make_recording_link(call: Call, recording: str) -> Response:
    body = call.body(MakeLinkBody)
    lasts = timedelta(seconds=body.expires_in_seconds)
    made = call.services.recording_links.make(_by(call), recording, lasts, idempotency_key(call))
    return json_response(recording_views.new_link(made), 201)


def list_recording_links(call: Call, recording: str) -> Response:
    links = call.services.recording_links.of(call.caller, recording)
    return json_response({"items": [recording_views.watch_link(one) for one in links], "nextCursor": None})


def delete_recording_link(call: Call, recording: str, link: str) -> Response:
    call.services.recording_links.take_back(_by(call), recording, link)
    return Response("", status_code=204, headers={"Content-Type": "application/json"})


def compose_recording(call: Call, recording: str) -> Response:
    body = call.body(ComposeBody)
    made = call.services.recordings.compose(
        _by(call), recording, body.layout, idempotency_key(call), body.kind
    )
    return json_response(recording_views.composition(made), 202)


def _by(call: Call) -> Requester:
    return Requester(call.caller, call.request_id, utc_now(), call.source)


def _as_read(call: Call) -> Callable[[Recording], None]:
    def check(current: Recording) -> None:
        if call.header("if-match") is not None:
            call.require_match(_view(call, current))

    return check


def _view(call: Call, recording: Recording) -> dict[str, object]:
    """With what the caller may do to it."""
    return {**_item(call, recording), "actions": call.services.recordings.actions(call.caller, recording)}


def _item(call: Call, recording: Recording) -> dict[str, object]:
    config = call.services.config
    ages = StorageAges(config.recording_infrequent_days, config.recording_archive_days)
    shown = recording_views.recording(recording, ages, utc_now())
    if isinstance(call.caller, LinkCaller):
        # Who else may watch is not for whoever got a link.
        shown["access"] = {"participants": False, "users": []}
    return shown


def _listing(call: Call, page: list[Recording], mark: str | None) -> Response:
    items = [_item(call, one) for one in page]
    return json_response({"items": items, "nextCursor": views.cursor_of(mark)})


def _unwrapped(cursor: str | None) -> str | None:
    """The mark inside a cursor.

    Raises:
        ValidationFailedError: It is no cursor of ours.
    """
    if cursor is None:
        return None
    try:
        mark = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        mark = ""
    if not mark or not mark.isprintable() or not mark.isascii():
        raise errors.ValidationFailedError([errors.BrokenRule("/cursor", "This is no cursor of a list.")])
    return mark
