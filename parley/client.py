"""The API's calls as methods. Values are the JSON of the API, unchanged; docs/api.md shows each in use.

Keeps no state of any meeting. Lists are followed page by page while they are read.
"""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from parley.http import Http, Json
from parley.settings import Connection

# A long poll answers after so many seconds at the latest.
WAIT_SECONDS = 20
PAGE = 100


class Client:
    """Whoever the connection names: an API key, the bearer of a token, or with neither a guest.

    Every method raises ApiError where the API refuses, and UnreachableError where nothing answers.
    """

    def __init__(
        self,
        connection: Connection,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = connection
        self._transport, self._sleep = transport, sleep
        self._http = Http(connection, transport, sleep)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def with_token(self, token: str | None) -> Client:
        """A client of the same API for the bearer of a token (resume, waiting or access), or for a guest."""
        connection = dataclasses.replace(self.connection, key_id="", key_secret="", token=token)
        return Client(connection, self._transport, self._sleep)

    # Meetings.

    def create_meeting(self, *, idempotency_key: str | None = None, **wishes: Any) -> Json:
        """A new meeting. Two calls with one `idempotency_key` make one; without it each makes its own."""
        return self._make("/meetings", wishes, idempotency_key)

    def meeting(self, meeting: str) -> Json:
        return self._http.call("GET", _path("meetings", meeting))

    def meetings(self, state: str | None = None, *, of: str | None = None) -> Iterator[Json]:
        """All that this client may see, newest first; `of="tenant"`: everybody's, as operators may."""
        return self._pages("/meetings", {"limit": PAGE, "state": state, "of": of})

    def change_meeting(self, meeting: str, **changes: Any) -> Json:
        """What is not named stays as it is; None takes a title, a time or a passcode away."""
        return self._http.call("PATCH", _path("meetings", meeting), json=changes)

    def end_meeting(self, meeting: str) -> Json:
        return self._http.call("POST", _path("meetings", meeting, "end"), json={})

    def delete_meeting(self, meeting: str) -> None:
        """It ends if it goes on, nobody sees it any more, and it is erased two days later."""
        self._http.call("DELETE", _path("meetings", meeting))

    # Coming in.

    def join_meeting(
        self, meeting: str, display_name: str, *, idempotency_key: str | None = None, **wishes: Any
    ) -> Json:
        """A participant with node and token; or, where `state` is "waiting", with a `waitingToken`."""
        body = {"displayName": display_name, **wishes}
        return self._make(_path("meetings", meeting, "join"), body, idempotency_key)

    def ask_again(self, meeting: str) -> Json:
        """What became of one's waiting; of a client with the waiting token."""
        return self._http.call("GET", _path("meetings", meeting, "join"))

    def give_up(self, meeting: str) -> None:
        """Wait no longer; of a client with the waiting token."""
        self._http.call("DELETE", _path("meetings", meeting, "join"))

    # People in a meeting.

    def participants(self, meeting: str, state: str | None = None) -> list[Json]:
        query = {"state": state} if state is not None else {}
        items: list[Json] = self._http.call("GET", _path("meetings", meeting, "participants"), params=query)[
            "items"
        ]
        return items

    def participant(self, meeting: str, participant: str) -> Json:
        return self._http.call("GET", _path("meetings", meeting, "participants", participant))

    def change_participant(self, meeting: str, participant: str, **changes: Any) -> Json:
        """Its `role`, its `displayName`."""
        return self._http.call("PATCH", _path("meetings", meeting, "participants", participant), json=changes)

    def admit(self, meeting: str, participant: str) -> Json:
        return self._about(meeting, participant, "admit")

    def deny(self, meeting: str, participant: str) -> Json:
        return self._about(meeting, participant, "deny")

    def mute(self, meeting: str, participant: str, *sources: str) -> Json:
        """What can be heard, or `sources` such as "camera" and "screen"."""
        return self._about(meeting, participant, "mute", **({"sources": sources} if sources else {}))

    def admit_all(self, meeting: str) -> Json:
        return self._about(meeting, "admit-all")

    def mute_all(self, meeting: str) -> Json:
        return self._about(meeting, "mute-all")

    def remove(self, meeting: str, participant: str, *, ban: bool = False) -> None:
        path = _path("meetings", meeting, "participants", participant)
        self._http.call("DELETE", path, params={"ban": "true"} if ban else {})

    # What happened, and how well.

    def events(self, meeting: str, after: int = 0) -> list[Json]:
        """Up to a hundred entries of the log after a number."""
        return self._events(meeting, {"after": after, "limit": PAGE})

    def follow(self, meeting: str, after: int = 0) -> Iterator[Json]:
        """Each entry of the log as it comes, until the meeting has ended."""
        while True:
            for event in self._events(meeting, {"after": after, "limit": PAGE, "waitSeconds": WAIT_SECONDS}):
                after = event["number"]
                yield event
                if event["type"] == "meeting.ended":
                    return

    def quality(self, meeting: str) -> Iterator[Json]:
        """The latest of everybody."""
        return self._pages(_path("meetings", meeting, "quality"), {"limit": PAGE})

    def quality_timeline(self, meeting: str, participant: str) -> Iterator[Json]:
        """A participant's last 24 hours in points of ten seconds, the oldest first."""
        path = _path("meetings", meeting, "participants", participant, "quality")
        return self._pages(path, {"limit": 360})

    def usage(self, first: str | None = None, last: str | None = None) -> Json:
        """What was used by day, days as 2026-11-01; without them the last thirty."""
        query = {"from": first, "to": last}
        return self._http.call("GET", "/usage", params=_given(query))

    # Recordings.

    def start_recording(
        self, meeting: str, layout: str = "speaker", *, idempotency_key: str | None = None
    ) -> Json:
        """Of a live meeting; the layout (grid, speaker, share) is that of the film."""
        return self._make(_path("meetings", meeting, "recordings"), {"layout": layout}, idempotency_key)

    def recordings(
        self, meeting: str | None = None, state: str | None = None, *, of: str | None = None
    ) -> Iterator[Json]:
        """Of one meeting, or all that this client may see, newest first.

        Args:
            of: "tenant" asks for those of everybody's meetings, as operators may; not of one meeting.
        """
        path = "/recordings" if meeting is None else _path("meetings", meeting, "recordings")
        return self._pages(path, {"limit": PAGE, "state": state, "of": of})

    def recording(self, recording: str) -> Json:
        return self._http.call("GET", _path("recordings", recording))

    def pause_recording(self, recording: str) -> Json:
        return self._http.call("POST", _path("recordings", recording, "pause"), json={})

    def resume_recording(self, recording: str) -> Json:
        return self._http.call("POST", _path("recordings", recording, "resume"), json={})

    def stop_recording(self, recording: str) -> Json:
        return self._http.call("POST", _path("recordings", recording, "stop"), json={})

    def change_recording(self, recording: str, **changes: Any) -> Json:
        """How long it is kept (`retainUntil`), its `legalHold`, and who else may open it (`access`)."""
        return self._http.call("PATCH", _path("recordings", recording), json=changes)

    def recording_media(self, recording: str, *kinds: str, layout: str | None = None) -> Json:
        """Links of all kinds (mp4, hls, thumbnails, trackFiles, tracks, manifest), or of some.

        They end after five minutes, and each answer is an entry of the access log.
        """
        query = _given({"kinds": ",".join(kinds) or None, "layout": layout})
        return self._http.call("GET", _path("recordings", recording, "media"), params=query)

    def recording_access(self, recording: str) -> Iterator[Json]:
        """Who was given links, newest first."""
        return self._pages(_path("recordings", recording, "access-log"), {"limit": PAGE})

    def make_recording_link(
        self, recording: str, expires_in_seconds: int = 86_400, *, idempotency_key: str | None = None
    ) -> Json:
        """A link to watch it without an account, until it ends; `url` is told this once."""
        path = _path("recordings", recording, "links")
        return self._make(path, {"expiresInSeconds": expires_in_seconds}, idempotency_key)

    def recording_links(self, recording: str) -> list[Json]:
        """Those that were made and not taken back."""
        links: list[Json] = self._http.call("GET", _path("recordings", recording, "links"))["items"]
        return links

    def delete_recording_link(self, recording: str, link: str) -> None:
        """Take a link back: nobody gets anything by it any more."""
        self._http.call("DELETE", _path("recordings", recording, "links", link))

    def join_tracks(self, recording: str) -> Json:
        """Have each track joined to one file; they are `trackFiles` of the media once that is done."""
        path = _path("recordings", recording, "compositions")
        return self._http.call("POST", path, json={"kind": "tracks"})

    def compose_recording(self, recording: str, layout: str | None = None) -> Json:
        """Another film of it; without a layout it has those that were chosen while it was recorded."""
        path = _path("recordings", recording, "compositions")
        return self._http.call("POST", path, json={"layout": layout})

    def delete_recording(self, recording: str) -> Json:
        """It is gone within a minute; `deletion` then says what was deleted, when and by whom."""
        return self._http.call("DELETE", _path("recordings", recording))

    # Webhooks.

    def create_webhook(
        self, url: str, events: list[str], *, idempotency_key: str | None = None, **wishes: Any
    ) -> Json:
        """With its `secret`, which is in no later answer."""
        return self._make("/webhook-endpoints", {"url": url, "events": events, **wishes}, idempotency_key)

    def webhooks(self) -> Iterator[Json]:
        return self._pages("/webhook-endpoints", {})

    def webhook(self, endpoint: str) -> Json:
        return self._http.call("GET", _path("webhook-endpoints", endpoint))

    def change_webhook(self, endpoint: str, **changes: Any) -> Json:
        return self._http.call("PATCH", _path("webhook-endpoints", endpoint), json=changes)

    def delete_webhook(self, endpoint: str) -> None:
        self._http.call("DELETE", _path("webhook-endpoints", endpoint))

    def test_webhook(self, endpoint: str) -> Json:
        """Send it an event that says nothing, and tell what came back."""
        return self._http.call("POST", _path("webhook-endpoints", endpoint, "test"), json={})

    def rotate_webhook_secret(self, endpoint: str) -> Json:
        """With the new `secret`; the old one signs beside it for a day. Never sent again by itself."""
        path = _path("webhook-endpoints", endpoint, "rotate-secret")
        return self._http.call("POST", path, json={}, repeatable=False)

    def deliveries(self, endpoint: str) -> Iterator[Json]:
        return self._pages(_path("webhook-endpoints", endpoint, "deliveries"), {"limit": PAGE})

    def retry_delivery(self, endpoint: str, delivery: str) -> Json:
        path = _path("webhook-endpoints", endpoint, "deliveries", delivery, "retry")
        return self._http.call("POST", path, json={})

    # Keys and people.

    def create_api_key(self, name: str, scopes: list[str], *, idempotency_key: str | None = None) -> Json:
        """With its `secret`, which is in no later answer."""
        return self._make("/api-keys", {"name": name, "scopes": scopes}, idempotency_key)

    def api_keys(self) -> Iterator[Json]:
        return self._pages("/api-keys", {})

    def api_key(self, key: str) -> Json:
        return self._http.call("GET", _path("api-keys", key))

    def revoke_api_key(self, key: str) -> None:
        self._http.call("DELETE", _path("api-keys", key))

    def access_token(self, scope: str | None = None) -> Json:
        """An hour's token for this client's key (OAuth 2.0 client credentials): `access_token`."""
        form = _given({"grant_type": "client_credentials", "scope": scope})
        return self._http.call("POST", "/oauth/token", data=form)

    def sign_in_places(self) -> list[Json]:
        items: list[Json] = self._http.call("GET", "/sign-in")["items"]
        return items

    def me(self) -> Json:
        """The person of this client's access token."""
        return self._http.call("GET", "/users/me")

    def change_me(self, **changes: Any) -> Json:
        return self._http.call("PATCH", "/users/me", json=changes)

    # The fleet.

    def regions(self) -> list[Json]:
        items: list[Json] = self._http.call("GET", "/regions")["items"]
        return items

    def connection_test(self) -> list[Json]:
        """A media node of each region, with a token that opens one test of the connection to it."""
        items: list[Json] = self._http.call("POST", "/connection-tests", json={})["regions"]
        return items

    def nodes(self) -> list[Json]:
        return list(self._pages("/nodes", {}))

    def node(self, node: str) -> Json:
        return self._http.call("GET", _path("nodes", node))

    def drain(self, node: str, deadline_seconds: int | None = None) -> Json:
        body = {"deadlineSeconds": deadline_seconds} if deadline_seconds is not None else {}
        return self._http.call("POST", _path("nodes", node, "drain"), json=body)

    def undrain(self, node: str) -> Json:
        return self._http.call("POST", _path("nodes", node, "undrain"), json={})

    def node_is_ready(self, node: Json) -> bool:
        """Ask the node itself, not the control plane."""
        try:
            return httpx.get(f"{node['url']}/readyz", timeout=10).status_code == 200
        except httpx.HTTPError:
            return False

    def health(self) -> Json:
        return self._http.call("GET", "/health")

    def jwks(self) -> Json:
        return self._http.call("GET", "/.well-known/jwks.json")

    def _make(self, path: str, body: Json, idempotency_key: str | None) -> Json:
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        return self._http.call("POST", path, json=body, headers=headers)

    def _about(self, meeting: str, *what: str, **body: Any) -> Json:
        return self._http.call("POST", _path("meetings", meeting, "participants", *what), json=body)

    def _events(self, meeting: str, query: Json) -> list[Json]:
        items: list[Json] = self._http.call("GET", _path("meetings", meeting, "events"), params=query)[
            "items"
        ]
        return items

    def _pages(self, path: str, query: Json) -> Iterator[Json]:
        cursor: str | None = None
        while True:
            page = self._http.call("GET", path, params=_given({**query, "cursor": cursor}))
            yield from page["items"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return


def _given(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _path(*names: str) -> str:
    """A path of these segments, whatever is in them."""
    return "/" + "/".join(quote(name, safe="") for name in names)
