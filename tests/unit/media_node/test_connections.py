"""Handshakes of connections as their limit lets them begin: over a plane that only keeps commands."""

from __future__ import annotations

import pytest

from media_node.connections import Connections
from media_node.forwarding import Forwarding
from media_node.quantities import MeetingId, ParticipantId
from media_node.transport.certificate import Certificate
from media_node.transport.dtls import DtlsEndpoint
from media_node.transport.handshake_limit import MAX_PER_SOURCE
from media_node.transport.offer import parse_offer
from packet_plane import SendDtls

NODE, CLIENT = Certificate.generate(), Certificate.generate()
MEETING = MeetingId("mtg_one")
OFFER = """v=0
a=group:BUNDLE 0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuv
a=fingerprint:sha-256 {fingerprint}
a=setup:{setup}
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=sendonly
a=rtpmap:111 opus/48000/2
"""


class Bench:
    """Connections of one node, and how many DTLS flights they have sent."""

    def __init__(self) -> None:
        self.flights = 0
        self.now = 100.0
        forwarding = Forwarding(self._take, 1)
        self.forwarding = forwarding
        self.connections = Connections(forwarding, NODE, [[("127.0.0.1", 9)]], lambda: self.now)

    def _take(self, worker: int, commands: object) -> None:
        assert isinstance(commands, list)
        self.flights += any(isinstance(one, SendDtls) for one in commands)

    def connect(self, name: str, setup: str = "actpass") -> int:
        """Somebody who has sent an offer; returns the number of the connection."""
        key = (MEETING, ParticipantId(name))
        text = OFFER.format(fingerprint=CLIENT.sha256_fingerprint, setup=setup)
        self.connections.connect(key, parse_offer(text.replace("\n", "\r\n")))
        return self.forwarding.transport_by_participant[key].number

    def hello(self, number: int) -> bool:
        """A client's first flight; returns whether it is answered."""
        client = DtlsEndpoint(CLIENT, "client", (("sha-256", NODE.sha256_fingerprint),))
        client.start(self.now)
        before = self.flights
        for datagram in client.poll_transmit():
            self.connections.handle_dtls(number, datagram)
        self.forwarding.flush()
        return self.flights > before


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_who_leaves_handshakes_open_keeps_nobody_else_out(bench: Bench):
    for index in range(MAX_PER_SOURCE):
        number = bench.connect(f"open {index}")
        bench.connections.handle_reachable(number, f"192.0.2.7:{1024 + index}")
        assert bench.hello(number)
    more, other = bench.connect("more"), bench.connect("other")
    bench.connections.handle_reachable(more, "192.0.2.7:9")
    bench.connections.handle_reachable(other, "198.51.100.1:9")
    assert not bench.hello(more)
    assert bench.connections.handshakes_deferred == 1
    assert bench.hello(other)

    bench.connections.close((MEETING, ParticipantId("open 0")))
    assert bench.hello(more), "its client's timer has brought the first flight again"
    bench.connections.close_all()


async def test_a_handshake_that_the_node_begins_waits_for_a_place_too(bench: Bench):
    for index in range(MAX_PER_SOURCE):
        bench.connections.handle_reachable(bench.connect(f"open {index}", "passive"), "192.0.2.7:9")
    bench.forwarding.flush()
    before, more = bench.flights, bench.connect("more", "passive")
    bench.connections.handle_reachable(more, "192.0.2.7:9")
    bench.forwarding.flush()
    assert (bench.flights, bench.connections.handshakes_deferred) == (before, 1)

    bench.connections.close((MEETING, ParticipantId("open 0")))
    bench.connections.handle_reachable(more, "192.0.2.7:9")
    bench.forwarding.flush()
    assert bench.flights > before
    bench.connections.close_all()
