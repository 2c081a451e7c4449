"""What a connection test may use at a node, by the clock and by the plane's counters."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from media_node.admission import Admission
from media_node.connection_tests import LIMITS, MEMORY_SECONDS, ConnectionTests
from media_node.connections import Connections
from media_node.errors import ConflictError, NodeFullError
from media_node.forwarding import Forwarding, WorkerSnapshot


class NoConnections:
    def close(self, key):
        pass


class Bench:
    def __init__(self):
        self.now = 100.0
        self.closed = []
        self.sent: list[object] = []
        self.admission = Admission(100)
        self.forwarding = Forwarding(lambda worker, commands: self.sent.extend(commands), 1)
        self.tests = ConnectionTests(
            self.forwarding, cast(Connections, NoConnections()), self.admission, self.verify, lambda: self.now
        )

    async def verify(self, token):
        return token

    def begin(self, token="one"):
        return asyncio.run(self.tests.begin(token, lambda: self.closed.append(token)))

    def count(self, session, bytes_received, bytes_sent):
        """As the plane would, of the session's connection."""
        number = self.forwarding.transport_by_participant[session.key].number
        counted = SimpleNamespace(
            transport=number,
            bytes_received=bytes_received,
            bytes_sent=bytes_sent,
            round_trip_us=12_000,
            estimate_bps=900_000,
        )
        snapshot = SimpleNamespace(tracks=[], transports=[counted])
        self.tests.handle_snapshots([None, cast(WorkerSnapshot, snapshot)])


@pytest.fixture
def bench():
    return Bench()


def test_time_ends_a_test(bench):
    bench.begin()
    bench.now += LIMITS.seconds - 1
    bench.tests.handle_timeout()
    assert bench.closed == []
    bench.now += 1
    bench.tests.handle_timeout()
    assert bench.closed == ["one"]


def test_bytes_end_a_test_and_a_new_path_brings_none_back(bench):
    session = bench.begin()
    bench.forwarding.add_transport(*session.key, "ufrag", "password")
    bench.count(session, LIMITS.bytes // 2, 0)
    assert bench.tests.measured(session).estimate_bps == 900_000
    bench.tests._disconnect(session)
    bench.count(session, 0, LIMITS.bytes // 2)
    assert bench.closed == []
    bench.count(session, 1, LIMITS.bytes // 2)
    assert bench.closed == ["one"]


def test_a_token_is_remembered_until_nobody_can_use_it(bench):
    bench.tests.end(bench.begin())
    bench.now += MEMORY_SECONDS - 1
    bench.tests.handle_timeout()
    with pytest.raises(ConflictError):
        bench.begin()
    bench.now += 1
    bench.tests.handle_timeout()
    bench.begin()


@pytest.mark.parametrize("state", ["is_refusing", "is_closing", "is_draining"])
def test_none_begins_where_no_meeting_could(bench, state):
    setattr(bench.admission, state, True)
    with pytest.raises(NodeFullError):
        bench.begin()
    assert bench.tests.refused == 1
