"""The API's calls as methods. Values are the JSON of the API, unchanged.

Owns the HTTP connection and turns problem details into ApiError. Keeps no state of any meeting.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from parley.errors import ApiError, UnreachableError
from parley.settings import Connection

# The API answers or refuses within seconds.
TIMEOUT_SECONDS = 10.0

Json = dict[str, Any]


class Client:
    def __init__(self, connection: Connection, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=connection.api_url,
            auth=(connection.key_id, connection.key_secret),
            timeout=TIMEOUT_SECONDS,
            transport=transport,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def create_meeting(self, *, idempotency_key: str | None = None, **wishes: Any) -> Json:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._call("POST", "/meetings", json=wishes, headers=headers)

    def meeting(self, meeting: str) -> Json:
        return self._call("GET", f"/meetings/{_segment(meeting)}")

    def meetings(self, state: str | None = None) -> Iterator[Json]:
        """Every meeting, newest first, page by page."""
        cursor: str | None = None
        while True:
            query = {"limit": "100", "state": state, "cursor": cursor}
            page = self._call("GET", "/meetings", params={k: v for k, v in query.items() if v is not None})
            yield from page["items"]
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def join_meeting(self, meeting: str, display_name: str, **wishes: Any) -> Json:
        body = {"displayName": display_name, **wishes}
        return self._call("POST", f"/meetings/{_segment(meeting)}/join", json=body)

    def end_meeting(self, meeting: str) -> Json:
        return self._call("POST", f"/meetings/{_segment(meeting)}/end", json={})

    def participants(self, meeting: str) -> list[Json]:
        items: list[Json] = self._call("GET", f"/meetings/{_segment(meeting)}/participants")["items"]
        return items

    def nodes(self) -> list[Json]:
        items: list[Json] = self._call("GET", "/nodes")["items"]
        return items

    def drain(self, node: str, deadline_seconds: int | None = None) -> Json:
        body = {"deadlineSeconds": deadline_seconds} if deadline_seconds is not None else {}
        return self._call("POST", f"/nodes/{_segment(node)}/drain", json=body)

    def undrain(self, node: str) -> Json:
        return self._call("POST", f"/nodes/{_segment(node)}/undrain", json={})

    def health(self) -> Json:
        return self._call("GET", "/health")

    def jwks(self) -> Json:
        return self._call("GET", "/.well-known/jwks.json")

    def node_is_ready(self, node: Json) -> bool:
        """Ask the node itself, not the control plane."""
        try:
            return httpx.get(f"{node['url']}/readyz", timeout=TIMEOUT_SECONDS).status_code == 200
        except httpx.HTTPError:
            return False

    def _call(self, method: str, path: str, **options: Any) -> Json:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise UnreachableError(f"{self._http.base_url} does not answer: {error}.") from error
        try:
            body = answer.json()
        except ValueError:
            body = {}
        if not isinstance(body, dict):
            body = {}
        if answer.is_error:
            raise ApiError(answer.status_code, body)
        return body


def _segment(name: str) -> str:
    """A name as one segment of a path, whatever is in it."""
    return quote(name, safe="")
