"""Tests of a connection: for each region a node that takes one, and a token that opens it once.

Open to everybody, before any meeting: what it may cost is bounded here by address and on the node by time and
bytes (docs/decisions/0019-connection-tests.md).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.identifiers import RandomBytes
from chalicelib.domain.limits import Buckets, Quota
from chalicelib.domain.placement import ChooseIndex, Node, choose_node
from chalicelib.errors import StoreUnavailableError, TooManyRequestsError
from chalicelib.services.fleet import Fleet
from chalicelib.services.homes import InRegion
from chalicelib.services.protocols import Signer

TEST_AUDIENCE = "parley-test"
# Regions are tested one after the other; a browser that was put to sleep asks again.
TEST_LIFETIME = timedelta(minutes=3)
# What a person needs who plugs in a cable and tries again; an office of many behind one address, too.
PER_ADDRESS = Quota(per_second=1 / 6, burst=12)
# A node with less room than this has better things to do.
UNITS_OF_A_TEST = 4

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegionTest:
    """Where one region is tested; without a node nobody is there to answer."""

    region: str
    node: Node | None
    token: str | None
    expires_at: datetime


class ConnectionTests:
    def __init__(
        self,
        fleet: Fleet,
        in_region: InRegion,
        signer: Signer,
        issuer: str,
        random_bytes: RandomBytes,
        choose_index: ChooseIndex,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fleet = fleet
        self._in_region = in_region
        self._signer = signer
        self._issuer = issuer
        self._random_bytes = random_bytes
        self._choose_index = choose_index
        self._monotonic = monotonic
        self._buckets = Buckets()

    def begin(self, address: str, now: datetime) -> Sequence[RegionTest]:
        """A test of every region.

        Raises:
            TooManyRequestsError: This address has tested enough for now.
            StoreUnavailableError: No region's nodes are known.
        """
        left = self._buckets.take([(address, PER_ADDRESS)], self._monotonic())
        if not left.allowed:
            raise TooManyRequestsError(
                "Too many connection tests; see Retry-After.", {"Retry-After": str(left.reset_seconds)}
            )
        nodes = {region: self._nodes(region) for region in self._fleet.regions}
        if all(known is None for known in nodes.values()):
            raise StoreUnavailableError("No region's nodes are known now.")
        return [self._of_region(region, known or [], now) for region, known in nodes.items()]

    def _of_region(self, region: str, nodes: Sequence[Node], now: datetime) -> RegionTest:
        expires = now + TEST_LIFETIME
        node = choose_node(nodes, UNITS_OF_A_TEST, now, self._choose_index)
        token = self._token(node, now, expires) if node is not None else None
        return RegionTest(region, node, token, expires)

    def _nodes(self, region: str) -> Sequence[Node] | None:
        try:
            with self._in_region(region):
                return self._fleet.snapshot(region)
        except StoreUnavailableError:
            # The other regions can be tested all the same.
            log.warning("the nodes of %s are not known now", region)
            return None

    def _token(self, node: Node, now: datetime, expires: datetime) -> str:
        issued = int(now.timestamp())
        number = self._random_bytes(16).hex()
        return self._signer.sign(
            {
                "iss": self._issuer,
                "aud": TEST_AUDIENCE,
                "sub": number,
                "jti": number,
                "node": node.id,
                "grants": {"test": True},
                "iat": issued,
                "nbf": issued,
                "exp": int(expires.timestamp()),
            }
        )
