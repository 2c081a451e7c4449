"""Handshakes over a path that loses what the test says, in virtual time as far as our own timers go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_node.transport.certificate import Certificate
from media_node.transport.dtls import (
    HANDSHAKE_SECONDS,
    MAX_DATAGRAM_BYTES,
    REPEAT_SECONDS,
    DtlsEndpoint,
)

NODE, CLIENT, STRANGER = Certificate.generate(), Certificate.generate(), Certificate.generate()


def named(certificate: Certificate) -> tuple[tuple[str, str], ...]:
    return (("sha-256", certificate.sha256_fingerprint),)


@dataclass
class Path:
    """Two endpoints, what travels between them, and which datagrams of each are lost by number."""

    client: DtlsEndpoint
    server: DtlsEndpoint
    lost: Mapping[str, set[int]]
    now: float = 0.0
    sent: Counter[str] = field(default_factory=Counter)

    def run(self, limit: int = 40) -> None:
        """Deliver until nothing is under way and nothing is due."""
        for _ in range(limit):
            if not self.deliver():
                due = [end.poll_timeout(self.now) for end in (self.client, self.server)]
                waiting = [one for one in due if one is not None]
                if not waiting:
                    return
                self.now = max(self.now, min(waiting))
                self.client.handle_timeout(self.now)
                self.server.handle_timeout(self.now)

    def deliver(self) -> bool:
        moved = False
        for role, end, other in (
            ("client", self.client, self.server),
            ("server", self.server, self.client),
        ):
            for datagram in end.poll_transmit():
                moved = True
                assert len(datagram) <= MAX_DATAGRAM_BYTES
                number = self.sent[role]
                self.sent[role] += 1
                if number not in self.lost.get(role, set()):
                    other.handle_datagram(self.now, datagram)
        return moved


def path(lost: Mapping[str, set[int]] | None = None) -> Path:
    client = DtlsEndpoint(CLIENT, "client", named(NODE))
    server = DtlsEndpoint(NODE, "server", named(CLIENT))
    client.start(0.0)
    return Path(client, server, lost or {})


def test_both_ends_get_the_same_keys_crosswise():
    both = path()
    both.run()
    assert (both.client.state, both.server.state) == ("connected", "connected")
    ours, theirs = both.server.keys, both.client.keys
    assert ours is not None
    assert theirs is not None
    assert ours.profile == "AEAD_AES_128_GCM"
    assert (ours.local_key, ours.local_salt) == (theirs.remote_key, theirs.remote_salt)
    assert (ours.remote_key, ours.remote_salt) == (theirs.local_key, theirs.local_salt)
    assert both.now == 0.0


@pytest.mark.parametrize(("role", "number"), [("client", 0), ("server", 0), ("client", 1), ("server", 1)])
def test_a_lost_flight_is_repeated_after_a_tenth_of_a_second(role, number):
    both = path({role: {number}})
    both.run()
    assert (both.client.state, both.server.state) == ("connected", "connected")
    assert both.now == pytest.approx(REPEAT_SECONDS[0])


@settings(deadline=None, max_examples=40)
@given(st.sets(st.integers(0, 3)), st.sets(st.integers(0, 3)))
def test_whichever_early_datagrams_are_lost_both_ends_meet(from_client, from_server):
    # OpenSSL's own timer runs by the real clock: what it alone could repair is left out.
    both = path({"client": set(sorted(from_client)[:2]), "server": set(sorted(from_server)[:1])})
    both.run()
    assert (both.client.state, both.server.state) == ("connected", "connected")


def test_somebody_else_than_the_offer_named_gets_no_keys():
    both = path()
    both.server = DtlsEndpoint(NODE, "server", named(STRANGER))
    both.run()
    assert (both.server.state, both.server.keys) == ("failed", None)


@pytest.mark.parametrize("fingerprints", [(), (("sha-1", "AB"),)])
def test_an_offer_without_a_fingerprint_that_can_be_checked_gets_no_keys(fingerprints):
    both = path()
    both.server = DtlsEndpoint(NODE, "server", fingerprints)
    both.run()
    assert (both.server.state, both.server.keys) == ("failed", None)


def test_a_handshake_that_never_ends_is_given_up():
    both = path()
    both.deliver()
    server = both.server
    now = 0.0
    while (due := server.poll_timeout(now)) is not None:
        assert due <= HANDSHAKE_SECONDS
        now = max(now + 0.01, due)
        server.handle_timeout(now)
    assert server.state == "failed"
    flights = sum(1 for _ in server.poll_transmit())
    assert flights <= 2 + len(REPEAT_SECONDS)


def test_a_goodbye_is_heard_and_said_once():
    both = path()
    both.run()
    both.client.close()
    both.client.close()
    both.run()
    assert both.server.state == "closed"
    assert both.server.poll_transmit() == []


def test_a_last_flight_that_was_lost_is_sent_again_when_the_client_asks():
    both = path({"server": {1, 2}})
    both.run()
    assert (both.client.state, both.server.state) == ("connected", "connected")
    assert both.sent["server"] == 4


def test_who_only_asks_for_a_connection_holds_no_handshake():
    endpoint = DtlsEndpoint(NODE, "server", named(CLIENT))
    endpoint.start(0.0)
    endpoint.handle_timeout(100.0)
    assert endpoint.state == "new"
    assert endpoint.poll_timeout(0.0) is None
    endpoint.close()
    assert endpoint.poll_transmit() == []


@given(st.lists(st.binary(max_size=300), max_size=8), st.booleans())
def test_rubbish_never_breaks_an_endpoint(datagrams, established):
    both = path()
    if established:
        both.run()
    for datagram in datagrams:
        both.server.handle_datagram(0.0, datagram)
        for answer in both.server.poll_transmit():
            assert len(answer) <= MAX_DATAGRAM_BYTES
    if established:
        assert both.server.state == "connected"


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=12, max_size=12))
def test_a_mangled_handshake_ends_or_goes_on_but_never_breaks(changes):
    both = path()
    left = iter(changes)
    for end, other in ((both.client, both.server), (both.server, both.client)) * 3:
        for datagram in end.poll_transmit():
            at, change = next(left, (0, 0))
            mangled = bytearray(datagram)
            mangled[at % len(mangled)] ^= change
            other.handle_datagram(0.0, bytes(mangled))
    assert both.server.state in ("new", "handshaking", "connected", "failed", "closed")
