"""DynamoDB is away: every route says so within a second, and nothing hangs."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException

from chalicelib.domain.identifiers import UserId, new_id
from chalicelib.domain.person import Profile
from chalicelib.errors import StoreUnavailableError
from chalicelib.routes.registry import ROUTES
from chalicelib.stores.api_keys import DynamoApiKeys
from chalicelib.stores.attempts import DynamoAttempts
from chalicelib.stores.fleet import DynamoFleet
from chalicelib.stores.patience import ATTEMPT_SECONDS, ATTEMPTS, open_connection
from chalicelib.stores.profiles import DynamoProfiles
from tests.contract.test_http_api import Api, api, control_plane, create, limits, people, receiver
from tests.support.builders import NOW, a_node, an_api_key

__all__ = ["api", "control_plane", "limits", "people", "receiver"]

PREFIXES = {
    "participant": "par",
    "endpoint": "whe",
    "key": "key",
    "node": "node",
    "recording": "rec",
    "link": "lnk",
}
DELIVERY = base64.urlsafe_b64encode(f"mtg_{'a' * 26}#1".encode()).rstrip(b"=").decode()
HOOK = {"url": "https://example.com/parley", "events": ["meeting.*"]}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/meetings/{meeting}/join"): {"displayName": "Ann"},
    ("PATCH", "/v1/meetings/{meeting}"): {"title": "Tea"},
    ("PATCH", "/v1/meetings/{meeting}/participants/{participant}"): {"displayName": "Ann"},
    ("POST", "/v1/api-keys"): {"name": "booking"},
    ("POST", "/v1/recordings/{recording}/compositions"): {"layout": "grid"},
    ("POST", "/v1/webhook-endpoints"): HOOK,
    ("PATCH", "/v1/webhook-endpoints/{endpoint}"): HOOK,
}
# What asks nothing of DynamoDB, or refuses this caller first.
WITHOUT_STORE = {
    "GET /v1/.well-known/jwks.json": 200,
    "GET /v1/health": 200,
    "GET /v1/openapi.json": 200,
    "GET /v1/regions": 200,
    "GET /v1/sign-in": 200,
    "GET /v1/users/me": 401,
    "PATCH /v1/users/me": 401,
    "POST /v1/oauth/token": 415,
}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class DeadWire:
    """Nothing is ever answered: each attempt fails, after as long as it says."""

    def __init__(self, clock: Clock, seconds: float, error: Callable[..., Exception]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._error = error
        self.attempts = 0

    def send(self, request: Any) -> Any:
        self.attempts += 1
        self._clock.now += self._seconds
        raise self._error(endpoint_url=request.url)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("attempt_seconds", "attempts", "error"),
    [
        (ATTEMPT_SECONDS, 2, ReadTimeoutError),
        (0.9, 1, ReadTimeoutError),
        (0.0, ATTEMPTS, EndpointConnectionError),
    ],
)
def test_a_call_ends_within_a_second(
    dynamodb: Connection, monkeypatch: pytest.MonkeyPatch, attempt_seconds: float, attempts: int, error: Any
):
    clock = Clock()
    connection = open_connection(attempt_seconds or ATTEMPT_SECONDS, lambda: clock.now)
    client: Any = connection.client
    wire = DeadWire(clock, attempt_seconds, error)
    monkeypatch.setattr(client._endpoint, "http_session", wire)
    monkeypatch.setattr("botocore.endpoint.time.sleep", clock.sleep)
    for _ in range(2):  # A call has its second for itself, whatever became of the one before.
        wire.attempts, began = 0, clock.now
        with pytest.raises(PynamoDBException):
            connection.list_tables()
        assert clock.now - began <= 1.0
        assert wire.attempts == attempts


def test_no_attempt_lasts_longer_than_said():
    config: Any = open_connection(0.3).client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (0.3, 0.3)


async def test_every_route_says_503_and_when_to_come_back(
    api: Api, dynamodb: Connection, monkeypatch: pytest.MonkeyPatch
):
    made = await create(api)
    ids = {"meeting": made["id"], **{name: new_id(prefix, os.urandom) for name, prefix in PREFIXES.items()}}
    client: Any = dynamodb.client
    monkeypatch.setattr(client._endpoint, "http_session", DeadWire(Clock(), 0, ReadTimeoutError))
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    answers: dict[str, int] = {}
    for method, path, _ in ROUTES:
        if path == "/v1/docs":  # A page that never changes.
            continue
        body = BODIES.get((method, path), {}) if method in ("POST", "PATCH") else None
        named = path.removeprefix("/v1").format(delivery="dlv_" + DELIVERY, **ids)
        status, headers, problem = await api(method, named, body)
        answers[f"{method} {path}"] = status
        if status == 503:
            assert headers["retry-after"] == "1"
            assert headers["content-type"] == "application/problem+json"
            assert problem["code"] == "store_unavailable"
    others = {route: status for route, status in answers.items() if status != 503}
    assert others == WITHOUT_STORE


def test_a_conditional_write_that_is_never_answered_is_no_refusal(
    dynamodb: Connection, monkeypatch: pytest.MonkeyPatch
):
    client: Any = dynamodb.client
    monkeypatch.setattr(client._endpoint, "http_session", DeadWire(Clock(), 0, ReadTimeoutError))
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    key, node = an_api_key(), a_node()
    writes: list[Callable[[], object]] = [
        lambda: DynamoAttempts().take("a", 3, NOW),
        lambda: DynamoApiKeys().create(key, "d"),
        lambda: DynamoApiKeys().note_use(key.id, NOW),
        lambda: DynamoProfiles().put_profile(UserId("usr_a"), Profile("Ada", {}, 1)),
        lambda: DynamoFleet().record(node),
        lambda: DynamoFleet().release(node.region, node.id, 1),
    ]
    for write in writes:
        with pytest.raises(StoreUnavailableError):
            write()
