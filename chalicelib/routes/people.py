"""/v1/users/me and /v1/sign-in: people, and where they sign in."""

from __future__ import annotations

from chalice.app import Response

from chalicelib import errors
from chalicelib.bootstrap import UserCaller
from chalicelib.routes.http import Call, json_response


def show_me(call: Call) -> Response:
    caller = call.caller
    if not isinstance(caller, UserCaller):
        raise errors.UnauthorizedError("This call needs the token of somebody who signed in.")
    return json_response({"id": caller.user, "tenant": caller.tenant, "name": caller.name})


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
