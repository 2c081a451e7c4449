"""DTLS on top of the plane's datagrams: aiortc does the handshake, the keys go to the plane.

aiortc's transport works over any object with `role`, `_recv` and `_send`; here that is a bounded queue of
what the plane lets through. Only validated addresses reach it, so that a stranger's ClientHello cannot
disturb a handshake. Source: RFC 5764 (DTLS-SRTP), RFC 8122 (fingerprints).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
    State,
)
from OpenSSL import SSL

from media_node.transport.parameters import DtlsRole

# A handshake has about ten datagrams; what a flooding client sends beyond this is dropped.
MAX_WAITING = 64
HANDSHAKE_SECONDS = 15.0
# AES-128-GCM first: the cheapest for both sides.
PROFILES = [SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80]
PROFILE_NAMES = {
    b"SRTP_AEAD_AES_128_GCM": "AEAD_AES_128_GCM",
    b"SRTP_AEAD_AES_256_GCM": "AEAD_AES_256_GCM",
    b"SRTP_AES128_CM_SHA1_80": "AES128_CM_SHA1_80",
}


class Certificate(RTCCertificate):
    """The node's P-256 certificate; one OpenSSL context serves all connections."""

    @cached_property
    def _context(self) -> SSL.Context:
        return super()._create_ssl_context(PROFILES)

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        return self._context

    @cached_property
    def sha256_fingerprint(self) -> str:
        return next(one.value for one in self.getFingerprints() if one.algorithm == "sha-256")


@dataclass(frozen=True)
class SrtpKeys:
    """What the handshake gave, per direction as the plane wants it (RFC 5764 section 4.2)."""

    profile: str
    local_key: bytes
    local_salt: bytes
    remote_key: bytes
    remote_salt: bytes


class DatagramPipe:
    """Stands where aiortc expects an ICE transport."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_datagram = send
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_WAITING)

    def handle_datagram(self, datagram: bytes) -> None:
        if not self._waiting.full():
            self._waiting.put_nowait(datagram)

    def close(self) -> None:
        """End whoever waits, even when the queue is full."""
        while self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def _recv(self) -> bytes:
        datagram = await self._waiting.get()
        if datagram is None:
            raise ConnectionError("the connection is closed")
        return datagram

    async def _send(self, data: bytes) -> None:
        self._send_datagram(data)


class KeyingDtlsTransport(RTCDtlsTransport):
    """aiortc's transport, ending with keys instead of SRTP sessions: no packet comes here afterwards."""

    keys: SrtpKeys | None = None

    def _setup_srtp(self) -> None:
        assert self._ssl is not None
        selected = self._ssl.get_selected_srtp_profile()
        profile = next((one for one in PROFILES if one.openssl_profile == selected), None)
        if profile is None:
            self._set_state(State.FAILED)
            return
        length = 2 * (profile.key_length + profile.salt_length)
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", length)
        own, other = (1, 0) if self._role == "server" else (0, 1)
        local, remote = profile.get_key_and_salt(material, own), profile.get_key_and_salt(material, other)
        cut = profile.key_length
        self.keys = SrtpKeys(PROFILE_NAMES[selected], local[:cut], local[cut:], remote[:cut], remote[cut:])


class DtlsEndpoint:
    """The DTLS side of one connection, from its first record to its end."""

    def __init__(
        self,
        certificate: Certificate,
        role: DtlsRole,
        fingerprints: tuple[tuple[str, str], ...],
        send: Callable[[bytes], None],
    ) -> None:
        self._pipe = DatagramPipe(send)
        self._transport = KeyingDtlsTransport(self._pipe, [certificate])  # type: ignore[arg-type]
        self._transport._srtp_profiles = PROFILES
        self._transport._set_role(role)
        self._remote = RTCDtlsParameters(
            [RTCDtlsFingerprint(name, value) for name, value in fingerprints], role
        )

    def handle_datagram(self, datagram: bytes) -> None:
        self._pipe.handle_datagram(datagram)

    async def handshake(self) -> SrtpKeys | None:
        """Keys, or None when the handshake failed, came from somebody else, or took too long."""
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await self._transport.start(self._remote)
        except (TimeoutError, ConnectionError):
            return None
        return self._transport.keys if self._transport.state == "connected" else None

    async def close(self) -> None:
        """Say goodbye and end the transport's task."""
        await self._transport.stop()
        self._pipe.close()
