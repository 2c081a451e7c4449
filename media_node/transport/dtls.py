"""One connection's DTLS, without sockets or tasks: datagrams and time in, datagrams and keys out.

OpenSSL does the handshake over memory; the keys go to the plane and no packet comes here afterwards. Only
validated addresses reach it, so that a stranger's ClientHello cannot disturb a handshake. Source: RFC 6347
(DTLS 1.2; section 4.2.4 for its timers), RFC 5764 (DTLS-SRTP), RFC 8122 (fingerprints).
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, dump_certificate

from media_node.transport.certificate import PROFILES, Certificate
from media_node.transport.parameters import DtlsRole

# From the first flight on; a client that is not done by then begins again with another connection.
HANDSHAKE_SECONDS = 15.0
# A flight that nobody answers goes out again as it was: a lost datagram should not cost the whole second that
# OpenSSL waits before it writes the flight anew, which it then does at ever longer intervals.
REPEAT_SECONDS = (0.1, 0.2, 0.3)
# ChangeCipherSpec and Handshake: what a last flight begins with.
HANDSHAKE_RECORDS = (b"\x14", b"\x16")
# Records are put together up to this size, which passes every network that carries media.
MAX_DATAGRAM_BYTES = 1_200
RECORD_HEADER_BYTES = 13
MAX_RECORD_BYTES = 18_432
# Hashes of fingerprints that can be checked; the others say nothing (RFC 8122 section 5.1).
HASHES = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}

State = Literal["new", "handshaking", "connected", "failed", "closed"]


@dataclass(frozen=True)
class SrtpKeys:
    """What the handshake gave, per direction as the plane wants it (RFC 5764 section 4.2)."""

    profile: str
    local_key: bytes
    local_salt: bytes
    remote_key: bytes
    remote_salt: bytes


class DtlsEndpoint:
    """From the first record to the last. After each input, drain `poll_transmit` and ask `poll_timeout`."""

    def __init__(
        self, certificate: Certificate, role: DtlsRole, fingerprints: tuple[tuple[str, str], ...]
    ) -> None:
        self._certificate = certificate
        self._role = role
        self._fingerprints = fingerprints
        # Made with the first record: who only asks for a connection costs next to nothing.
        self._ssl: SSL.Connection | None = None
        self._unsent: list[bytes] = []
        self._flight: list[bytes] = []
        self._repeat_at: list[float] = []
        self._give_up_at = 0.0
        self.state: State = "new"
        self.keys: SrtpKeys | None = None

    # In.

    def start(self, now: float) -> None:
        """Send the first flight, if that is our part; again does nothing."""
        if self.state == "new" and self._role == "client":
            self._begin(now)
            self._shake_hands(now)

    def handle_datagram(self, now: float, datagram: bytes) -> None:
        """Take what the client sent; after the end nothing happens."""
        if self.state == "new":
            self._begin(now)
        if self._ssl is None or not datagram:
            return
        self._ssl.bio_write(datagram)
        if self.state == "handshaking":
            self._shake_hands(now)
        elif datagram[:1] in HANDSHAKE_RECORDS and self._repeat_at:
            # The client has not got our last flight, or a copy of its own came late: both are rare.
            del self._repeat_at[0]
            self._unsent += self._flight
        if self.state == "connected":
            self._read()

    def handle_timeout(self, now: float) -> None:
        """Repeat a flight that is due, or give up."""
        if self._ssl is None or self.state != "handshaking":
            return
        if now >= self._give_up_at:
            self._end("failed")
        elif self._repeat_at and now >= self._repeat_at[0]:
            del self._repeat_at[0]
            self._unsent += self._flight
        elif self._ssl.DTLSv1_handle_timeout():
            self._take_output(now)

    def close(self) -> None:
        """Say goodbye, if there is somebody to say it to."""
        if self._ssl is not None and self.state == "connected":
            with suppress(SSL.Error):
                self._ssl.shutdown()
            self._unsent += self._output()
        self._end("closed")

    # Out.

    def poll_transmit(self) -> list[bytes]:
        """The datagrams to send, in order."""
        unsent, self._unsent = self._unsent, []
        return unsent

    def poll_timeout(self, now: float) -> float | None:
        """When `handle_timeout` is due."""
        if self._ssl is None or self.state != "handshaking":
            return None
        due = [self._give_up_at, *self._repeat_at[:1]]
        left = self._ssl.DTLSv1_get_timeout()
        return min([*due, now + left] if left is not None else due)

    # The handshake.

    def _begin(self, now: float) -> None:
        self._ssl = SSL.Connection(self._certificate.context)
        self._ssl.set_ciphertext_mtu(MAX_DATAGRAM_BYTES)
        if self._role == "server":
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self._give_up_at = now + HANDSHAKE_SECONDS
        self.state = "handshaking"

    def _shake_hands(self, now: float) -> None:
        assert self._ssl is not None
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            self._take_output(now)
            return
        except SSL.Error:
            self._take_output(now)
            self._end("failed")
            return
        self._take_output(now)
        self.keys = self._export_keys() if self._is_whom_the_offer_named() else None
        if self.keys is None:
            self._end("failed")
        else:
            self.state = "connected"

    def _read(self) -> None:
        """Look for the client's goodbye; its last flight once more is answered by OpenSSL with ours."""
        assert self._ssl is not None
        try:
            while self._ssl.recv(MAX_RECORD_BYTES):
                pass
        except SSL.WantReadError:
            self._unsent += self._output()
        except SSL.ZeroReturnError:
            self.close()
        except SSL.Error:
            # A record that is not sound is nothing to us: whoever is on the path could have sent it.
            return

    def _is_whom_the_offer_named(self) -> bool:
        """At least one fingerprint can be checked, and all that can be fit."""
        assert self._ssl is not None
        certificate = self._ssl.get_peer_certificate()
        known = [(HASHES[name], value) for name, value in self._fingerprints if name in HASHES]
        if certificate is None or not known:
            return False
        # Without parsing the certificate: nothing else of it matters.
        encoded = dump_certificate(FILETYPE_ASN1, certificate)
        return all(hashlib.new(name, encoded).digest() == _bytes(value) for name, value in known)

    def _export_keys(self) -> SrtpKeys | None:
        assert self._ssl is not None
        selected = self._ssl.get_selected_srtp_profile()
        profile = next((one for one in PROFILES if one.openssl_name == selected), None)
        if profile is None:
            return None
        key, salt = profile.key_bytes, profile.salt_bytes
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        client = material[:key], material[2 * key : 2 * key + salt]
        server = material[key : 2 * key], material[2 * key + salt :]
        local, remote = (server, client) if self._role == "server" else (client, server)
        return SrtpKeys(profile.plane_name, *local, *remote)

    # Output.

    def _take_output(self, now: float) -> None:
        """What OpenSSL wrote is a new flight, which answers or follows the one before."""
        datagrams = self._output()
        if datagrams:
            self._flight = datagrams
            self._repeat_at = [now + sum(REPEAT_SECONDS[: index + 1]) for index in range(len(REPEAT_SECONDS))]
            self._unsent += datagrams

    def _output(self) -> list[bytes]:
        assert self._ssl is not None
        written = b""
        with suppress(SSL.WantReadError):
            # Less than was asked for is all that there is: to ask again would cost an exception.
            while len(written) % MAX_RECORD_BYTES == 0:
                written += self._ssl.bio_read(MAX_RECORD_BYTES)
        return list(_datagrams(written))

    def _end(self, state: State) -> None:
        self.state = state
        self._ssl = None
        self._flight, self._repeat_at = [], []


def _bytes(fingerprint: str) -> bytes:
    return bytes.fromhex(fingerprint.replace(":", ""))


def _datagrams(written: bytes) -> Iterator[bytes]:
    """OpenSSL's records in datagrams: as many whole records in each as fit."""
    begin = at = 0
    while at < len(written):
        length = int.from_bytes(written[at + RECORD_HEADER_BYTES - 2 : at + RECORD_HEADER_BYTES])
        end = at + RECORD_HEADER_BYTES + length
        if end - begin > MAX_DATAGRAM_BYTES and at > begin:
            yield written[begin:at]
            begin = at
        at = end
    if begin < len(written):
        yield written[begin:]
