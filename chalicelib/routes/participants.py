"""/v1/meetings/{meeting}/participants: who is there, who waits, and what hosts do about it."""

from __future__ import annotations

from chalice.app import Response

from chalicelib.bootstrap import Moderator, Participant, utc_now
from chalicelib.routes import views
from chalicelib.routes.bodies import (
    ChangeParticipantBody,
    EndBody,
    ListParticipantsQuery,
    MuteBody,
    RemoveQuery,
)
from chalicelib.routes.http import Call, checked, json_response


def list_participants(call: Call, meeting: str) -> Response:
    query = checked(ListParticipantsQuery, call.query())
    return _people(call.services.moderation.people(call.caller, meeting, query.state, utc_now()))


def show_participant(call: Call, meeting: str, participant: str) -> Response:
    shown = call.services.moderation.show(call.caller, meeting, participant, utc_now())
    return json_response(views.participant(shown))


def change_participant(call: Call, meeting: str, participant: str) -> Response:
    body = call.body(ChangeParticipantBody)
    changed = call.services.moderation.change(
        _moderator(call, meeting), participant, body.role, body.display_name
    )
    return json_response(views.participant(changed))


def remove_participant(call: Call, meeting: str, participant: str) -> Response:
    query = checked(RemoveQuery, call.query())
    call.services.moderation.remove(_moderator(call, meeting), participant, ban=query.ban == "true")
    return Response("", status_code=204)


def admit_participant(call: Call, meeting: str, participant: str) -> Response:
    call.body(EndBody)
    admitted = call.services.moderation.admit(_moderator(call, meeting), participant)
    return json_response(views.participant(admitted))


def deny_participant(call: Call, meeting: str, participant: str) -> Response:
    call.body(EndBody)
    denied = call.services.moderation.deny(_moderator(call, meeting), participant)
    return json_response(views.participant(denied))


def mute_participant(call: Call, meeting: str, participant: str) -> Response:
    body = call.body(MuteBody)
    call.services.moderation.mute(_moderator(call, meeting), participant, body.sources)
    return Response("", status_code=204)


def admit_all(call: Call, meeting: str) -> Response:
    call.body(EndBody)
    return _people(call.services.moderation.admit_all(_moderator(call, meeting)))


def mute_all(call: Call, meeting: str) -> Response:
    body = call.body(MuteBody)
    call.services.moderation.mute(_moderator(call, meeting), None, body.sources)
    return Response("", status_code=204)


def _moderator(call: Call, meeting: str) -> Moderator:
    return Moderator(call.caller, meeting, call.request_id, utc_now())


def _people(found: list[Participant]) -> Response:
    return json_response({"items": [views.participant(one) for one in found], "nextCursor": None})
