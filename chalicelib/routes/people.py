"""/v1/users/me and /v1/sign-in: people, and where they sign in."""

from __future__ import annotations

from chalice.app import Response

from chalicelib import errors
from chalicelib.bootstrap import Profile, UserCaller
from chalicelib.routes import views
from chalicelib.routes.bodies import ChangeMeBody
from chalicelib.routes.http import Call, json_response


def show_me(call: Call) -> Response:
    caller = _person(call)
    return json_response(views.me(caller, call.services.profiles.find(caller)))


def change_me(call: Call) -> Response:
    caller = _person(call)
    body = call.body(ChangeMeBody)
    fields = {name: getattr(body, name) for name in body.model_fields_set}

    def is_as_read(current: Profile) -> None:
        call.require_match(views.me(caller, current))

    return json_response(views.me(caller, call.services.profiles.change(caller, fields, is_as_read)))


def _person(call: Call) -> UserCaller:
    if not isinstance(call.caller, UserCaller):
        raise errors.UnauthorizedError("This call needs the token of somebody who signed in.")
    return call.caller


def show_sign_in(call: Call) -> Response:
    items = [
        {
            "issuer": one.issuer,
            "clientId": one.client_id,
            "scope": one.scope,
            "authorizationEndpoint": one.authorization_endpoint,
            "tokenEndpoint": one.token_endpoint,
        }
        for one in call.services.people.sign_ins()
    ]
    return json_response({"items": items, "nextCursor": None})
