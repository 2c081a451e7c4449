"""Connection tests: a node and a token for each region, and no more of them than a person needs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import jwt
import pytest

from chalicelib.domain.placement import LOST_AFTER
from chalicelib.errors import StoreUnavailableError, TooManyRequestsError
from chalicelib.services.connection_tests import PER_ADDRESS, TEST_LIFETIME, ConnectionTests
from chalicelib.services.fleet import Fleet
from chalicelib.services.tokens import RESUME_AUDIENCE
from tests.support.builders import NOW, a_node
from tests.support.memory_stores import MemoryFleet, MemoryMeetings, OneKeySigner, RecordingCommands

ISSUER = "http://api/v1"


class Region:
    """Two regions, one of which may be away."""

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.now = 0.0
        self.signer = OneKeySigner()
        self.store = MemoryFleet()
        meetings = MemoryMeetings(self.store)
        fleet = Fleet(self.store, meetings, RecordingCommands(), ["here", "there"], lambda: self.now)
        self.tests = ConnectionTests(
            fleet,
            self.in_region,
            self.signer,
            ISSUER,
            lambda size: bytes(size),
            lambda _: 0,
            lambda: self.now,
        )

    @contextmanager
    def in_region(self, region: str) -> Any:
        if region in self.away:
            raise StoreUnavailableError("away")
        yield


@pytest.fixture
def region() -> Region:
    return Region()


def test_names_a_node_of_each_region_that_has_one(region: Region) -> None:
    here = a_node(region="here")
    region.store.record(here)
    first, second = region.tests.begin("192.0.2.1", NOW)
    assert (first.region, first.node) == ("here", here)
    assert (second.region, second.node, second.token) == ("there", None, None)


def test_the_token_is_for_that_node_and_for_nothing_else(region: Region) -> None:
    node = a_node(region="here")
    region.store.record(node)
    token = region.tests.begin("192.0.2.1", NOW)[0].token
    assert token is not None
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["node"], claims["grants"]) == ("parley-test", node.id, {"test": True})
    assert claims["exp"] == int((NOW + TEST_LIFETIME).timestamp())
    assert "mtg" not in claims
    assert region.signer.verify(token, RESUME_AUDIENCE, ISSUER) is None


@pytest.mark.parametrize(
    "node",
    [
        a_node(region="here", reported_state="draining"),
        a_node(region="here", reported_at=NOW - 2 * LOST_AFTER),
        a_node(region="here", used_units=100),
    ],
    ids=["draining", "lost", "full"],
)
def test_a_node_that_has_no_room_is_left_alone(region: Region, node: Any) -> None:
    region.store.record(node)
    assert region.tests.begin("192.0.2.1", NOW)[0].node is None


def test_the_others_are_tested_while_a_region_is_away(region: Region) -> None:
    region.store.record(a_node(region="here"))
    region.store.record(a_node(region="there"))
    region.away.add("there")
    first, second = region.tests.begin("192.0.2.1", NOW)
    assert first.node is not None
    assert second.node is None


def test_without_any_region_it_is_tried_again_later(region: Region) -> None:
    region.away = {"here", "there"}
    with pytest.raises(StoreUnavailableError):
        region.tests.begin("192.0.2.1", NOW)


def test_an_address_tests_so_often_and_then_waits(region: Region) -> None:
    for _ in range(PER_ADDRESS.burst):
        region.tests.begin("192.0.2.1", NOW)
    with pytest.raises(TooManyRequestsError) as refused:
        region.tests.begin("192.0.2.1", NOW)
    assert refused.value.headers["Retry-After"] == "6"
    region.tests.begin("192.0.2.2", NOW)
    region.now += 6
    region.tests.begin("192.0.2.1", NOW)
