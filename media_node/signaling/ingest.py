"""WHIP (RFC 9725) and WHEP: media over one HTTP request, for encoders and players without our signaling.

They enter the same state machine as browsers: a publisher's audio is its microphone, its video its camera;
each `recvonly` m-line of a player is a slot.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from media_node.errors import (
    ClientError,
    MalformedError,
    NotFoundError,
    TokenError,
    TooLargeError,
    UnsupportedTypeError,
)
from media_node.meetings.model import Wish
from media_node.signaling.session import Seat

MAX_BODY_BYTES = 262_144
SDP_TYPE = "application/sdp"
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "OPTIONS, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Expose-Headers": "Location, ETag, Link",
    "Access-Control-Max-Age": "86400",
}


class Admission(Protocol):
    """Checks tokens and gives seats."""

    async def ingest(self, token: str, offer: str) -> tuple[Seat, str]: ...
    async def play(self, token: str, offer: str, wish: Wish | None) -> tuple[Seat, str]: ...


class Host(Protocol):
    """What happens to a seat afterwards."""

    def is_seated(self, seat: Seat) -> bool: ...
    def leave(self, seat: Seat, reason: str) -> None: ...


@dataclass
class Resource:
    """One WHIP or WHEP session; whoever knows its random name may end it."""

    seat: Seat
    etag: str
    bearer: str


class HttpMedia:
    """The resources under /whip and /whep."""

    def __init__(self, admission: Admission, host: Host) -> None:
        self._admission = admission
        self._host = host
        self._resource_by_name: dict[str, Resource] = {}

    def routes(self) -> list[web.RouteDef]:
        found = [
            web.post("/whip", self._answering(self._ingest)),
            web.post("/whep", self._answering(self._play)),
        ]
        for kind in ("whip", "whep"):
            found.append(web.options(f"/{kind}", self._options))
            found.append(web.options(f"/{kind}/{{name}}", self._options))
            found.append(web.delete(f"/{kind}/{{name}}", self._answering(self._delete)))
            found.append(web.patch(f"/{kind}/{{name}}", self._answering(self._patch)))
        return found

    async def _options(self, request: web.Request) -> web.Response:
        return web.Response(
            status=204, headers={**CORS, "Accept-Post": SDP_TYPE, "Accept-Patch": FRAGMENT_TYPE}
        )

    async def _ingest(self, request: web.Request) -> web.Response:
        offer = await _read_offer(request)
        token = _bearer(request)
        return self._created("whip", token, *(await self._admission.ingest(token, offer)))

    async def _play(self, request: web.Request) -> web.Response:
        offer = await _read_offer(request)
        token = _bearer(request)
        track = request.query.get("track")
        wish = Wish(track) if track is not None else None
        return self._created("whep", token, *(await self._admission.play(token, offer, wish)))

    def _created(self, kind: str, token: str, seat: Seat, answer: str) -> web.Response:
        self._forget_gone()
        name = secrets.token_urlsafe(16)
        resource = Resource(seat, f'"{secrets.token_hex(8)}"', token)
        self._resource_by_name[name] = resource
        headers = {**CORS, "Location": f"/{kind}/{name}", "ETag": resource.etag}
        return web.Response(status=201, text=answer, content_type=SDP_TYPE, headers=headers)

    async def _delete(self, request: web.Request) -> web.Response:
        resource = self._resource(request)
        del self._resource_by_name[request.match_info["name"]]
        self._host.leave(resource.seat, "left")
        return web.Response(status=200, headers=CORS)

    async def _patch(self, request: web.Request) -> web.Response:
        """Candidates of the client are not needed: the node is ICE-lite and learns them from checks."""
        resource = self._resource(request)
        if request.content_type != FRAGMENT_TYPE:
            return problem(415, "unsupported_media_type", f"PATCH takes {FRAGMENT_TYPE}")
        condition = request.headers.get("If-Match")
        if condition is None:
            return problem(428, "precondition_required", "PATCH needs If-Match with the session's ETag")
        if condition not in (resource.etag, "*"):
            return problem(412, "precondition_failed", "the session has another ETag")
        body = await _read_body(request)
        if "a=ice-ufrag" in body and condition == "*":
            # RFC 9725 section 4.3.3: a server that cannot restart ICE this way says so.
            return problem(422, "ice_restart_unsupported", "restart with a new POST")
        return web.Response(status=204, headers={**CORS, "ETag": resource.etag})

    def _resource(self, request: web.Request) -> Resource:
        resource = self._resource_by_name.get(request.match_info["name"])
        if resource is None or not self._host.is_seated(resource.seat):
            raise NotFoundError("there is no such session (any more)")
        sent = request.headers.get("Authorization")
        if sent is not None and not secrets.compare_digest(
            _bearer(request).encode(), resource.bearer.encode()
        ):
            raise TokenError("the session belongs to another token")
        return resource

    def _forget_gone(self) -> None:
        kept = {name: one for name, one in self._resource_by_name.items() if self._host.is_seated(one.seat)}
        self._resource_by_name = kept

    @staticmethod
    def _answering(
        handler: Callable[[web.Request], Awaitable[web.Response]],
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except ClientError as error:
                return problem(error.status, error.code, str(error))

        return answer


def problem(status: int, code: str, detail: str) -> web.Response:
    """A problem document (RFC 9457)."""
    body = {
        "type": "about:blank",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail,
        "code": code,
    }
    headers = dict(CORS)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "1"
    text = json.dumps(body)
    return web.Response(status=status, text=text, content_type="application/problem+json", headers=headers)


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenError("a join token is needed: Authorization: Bearer …")
    return token.strip()


async def _read_offer(request: web.Request) -> str:
    if request.content_type != SDP_TYPE:
        raise UnsupportedTypeError(f"the body is {SDP_TYPE}, not {request.content_type}")
    return await _read_body(request)


async def _read_body(request: web.Request) -> str:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise TooLargeError(f"a body has at most {MAX_BODY_BYTES} bytes")
    try:
        body = await request.content.read(MAX_BODY_BYTES + 1)
        while not request.content.at_eof() and len(body) <= MAX_BODY_BYTES:
            body += await request.content.read(MAX_BODY_BYTES + 1 - len(body))
        if len(body) > MAX_BODY_BYTES:
            raise TooLargeError(f"a body has at most {MAX_BODY_BYTES} bytes")
        return body.decode()
    except UnicodeDecodeError as exc:
        raise MalformedError("the body is UTF-8") from exc
