"""A fifth of what DynamoDB is asked goes wrong: no join is lost, and no conflict is made up."""

from __future__ import annotations

import io
import json
import os
import random
from datetime import timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from pynamodb.connection import Connection

import chalicelib.routes.http
from chalicelib import bootstrap
from chalicelib.services.limits import Limits
from tests.contract.test_http_api import Api, api, control_plane, people, receiver
from tests.support.builders import a_node

__all__ = ["api", "control_plane", "people", "receiver"]

SHARE = 0.2
MOST_TRIES = 20
THROTTLED = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self) -> Any:
        yield self.read()


class FaultyWire:
    """Throttles, does not reach the store, or loses the answer after the store has acted."""

    def __init__(self, wire: Any, seed: int) -> None:
        self._wire = wire
        self._chance = random.Random(seed)
        self.faults = {"throttled": 0, "not reached": 0, "answer lost": 0}

    def send(self, request: Any) -> Any:
        if self._chance.random() >= SHARE:
            return self._wire.send(request)
        fault = self._chance.choice(list(self.faults))
        self.faults[fault] += 1
        if fault == "throttled":
            body = json.dumps({"__type": THROTTLED, "message": "slow down"}).encode()
            headers: Any = {"x-amzn-requestid": "r"}
            return AWSResponse(request.url, 400, headers, _Raw(body))
        if fault == "not reached":
            raise EndpointConnectionError(endpoint_url=request.url)
        self._wire.send(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    def close(self) -> None:
        self._wire.close()


@pytest.fixture
def limits() -> Limits:
    # All calls come at one moment of its clock.
    return Limits(1_000_000, lambda: 0.0)


@pytest.fixture
def lasting_node(api: Api) -> None:
    """Its last report stays good for as long as the test runs."""
    built: Any = vars(chalicelib.routes.http)["services"]()
    later = bootstrap.utc_now() + timedelta(hours=1)
    built.fleet._store.record(a_node(region=built.config.region, reported_at=later, capacity_units=1000))


@pytest.fixture
def faulty(lasting_node: None, dynamodb: Connection, monkeypatch: pytest.MonkeyPatch) -> FaultyWire:
    client: Any = dynamodb.client
    wire = FaultyWire(client._endpoint.http_session, 11)
    monkeypatch.setattr(client._endpoint, "http_session", wire)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    return wire


async def until_answered(api: Api, method: str, path: str, body: Any = None, **headers: Any) -> Any:
    """As a client that obeys Retry-After; any other refusal would be a conflict that there is not."""
    for _ in range(MOST_TRIES):
        status, _, answer = await api(method, path, body, **headers)
        if status != 503:
            assert status in (200, 201), answer
            return answer
    raise AssertionError(f"{path} was not answered in {MOST_TRIES} tries: {answer}")


async def admitted_to(api: Api, path: str) -> list[str]:
    """Everybody whom the meeting's log let in."""
    found: list[str] = []
    last = 0
    while items := (await until_answered(api, "GET", f"{path}/events?after={last}&limit=100"))["items"]:
        last = items[-1]["number"]
        found += [one["data"]["participant"]["id"] for one in items if one["type"] == "participant.admitted"]
    return found


async def meet(api: Api, joins: int) -> None:
    key, wishes = os.urandom(8).hex(), {"maxParticipants": 1000, "media": "audio"}
    meeting = await until_answered(api, "POST", "/meetings", wishes, idempotency_key=key)
    again = await until_answered(api, "POST", "/meetings", wishes, idempotency_key=key)
    assert again["id"] == meeting["id"]
    path = f"/meetings/{meeting['id']}"
    joined = []
    for number in range(joins):
        named = {"displayName": f"P{number}"}
        answer = await until_answered(api, "POST", f"{path}/join", named, idempotency_key=f"{key}{number}")
        joined.append(answer["participant"]["id"])
    admitted = await admitted_to(api, path)
    assert len(set(joined)) == joins
    # Where an answer was lost for good, the same participant is admitted again, and no other one made.
    assert set(joined) == set(admitted), "whoever was told so is in, and nobody else"
    ended = await until_answered(api, "POST", f"{path}/end", {})
    assert ended["state"] == "ended"


@pytest.mark.parametrize(
    ("meetings", "joins"),
    [pytest.param(10, 12, id="120 joins"), pytest.param(100, 100, id="10,000 joins", marks=pytest.mark.slow)],
)
async def test_no_join_is_lost_and_no_conflict_is_made_up(
    api: Api, faulty: FaultyWire, meetings: int, joins: int
):
    for _ in range(meetings):
        await meet(api, joins)
    assert min(faulty.faults.values()) > 5, faulty.faults
