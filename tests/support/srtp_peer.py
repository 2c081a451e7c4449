"""A client at the other end of the wire: STUN by hand, SRTP by libsrtp, blocking UDP on loopback.

Owns nothing of the project's own protocol code, so that both ends of a test are never wrong alike.
Sources: RFC 8489 (STUN), RFC 3550 (RTP), RFC 4585 and 4588 (feedback, retransmission).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import struct
import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from pylibsrtp import Policy, Session

from packet_plane import Codec, Extension, PacketPlane, SetSrtpKeys

MAGIC_COOKIE = 0x2112A442
MID_EXTENSION = 1
LEVEL_EXTENSION = 2
EXTENSIONS = [
    Extension(id=MID_EXTENSION, uri="urn:ietf:params:rtp-hdrext:sdes:mid"),
    Extension(id=LEVEL_EXTENSION, uri="urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
]
OPUS = Codec(payload_type=111, name="opus", clock_rate=48_000)
VP8 = Codec(payload_type=96, name="VP8", clock_rate=90_000, rtx_payload_type=97, nack=True, pli=True)
PASSWORD = "a password of twenty-two"


class Profile(NamedTuple):
    name: str
    number: int
    key_length: int
    salt_length: int


PROFILES = [
    Profile("AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    Profile("AEAD_AES_256_GCM", Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    Profile("AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
]


class RtpPacket(NamedTuple):
    payload_type: int
    marker: bool
    sequence_number: int
    rtp_timestamp: int
    ssrc: int
    extensions: dict[int, bytes]
    payload: bytes


class RtcpPacket(NamedTuple):
    packet_type: int
    subtype: int
    body: bytes


def stun_request(username: str, password: str, *, transaction: bytes = b"0123456789ab") -> bytes:
    """A binding request as a browser sends it: username, nomination, integrity and fingerprint."""
    name = username.encode()
    attributes = struct.pack("!HH", 0x0006, len(name)) + name + bytes(-len(name) % 4)
    attributes += struct.pack("!HHI", 0x0024, 4, 1) + struct.pack("!HH", 0x0025, 0)

    def head(length: int) -> bytes:
        return struct.pack("!HHI", 0x0001, length, MAGIC_COOKIE) + transaction

    covered = head(len(attributes) + 24) + attributes
    digest = hmac.new(password.encode(), covered, hashlib.sha1).digest()
    attributes += struct.pack("!HH", 0x0008, 20) + digest
    covered = head(len(attributes) + 8) + attributes
    fingerprint = zlib.crc32(covered) ^ 0x5354554E
    return covered + struct.pack("!HHI", 0x8028, 4, fingerprint)


def rtp(header: RtpPacket) -> bytes:
    elements = b"".join(
        bytes([number << 4 | len(value) - 1]) + value for number, value in header.extensions.items()
    )
    elements += bytes(-len(elements) % 4)
    first = struct.pack(
        "!BBHII",
        0x90 if elements else 0x80,
        header.marker << 7 | header.payload_type,
        header.sequence_number & 0xFFFF,
        header.rtp_timestamp & 0xFFFFFFFF,
        header.ssrc,
    )
    block = struct.pack("!HH", 0xBEDE, len(elements) // 4) + elements if elements else b""
    return first + block + header.payload


def parse_rtp(packet: bytes) -> RtpPacket:
    first, second, sequence_number, rtp_timestamp, ssrc = struct.unpack_from("!BBHII", packet)
    at, extensions = 12 + 4 * (first & 15), {}
    if first & 0x10:
        end = at + 4 + 4 * struct.unpack_from("!H", packet, at + 2)[0]
        at += 4
        while at < end:
            if packet[at] == 0:
                at += 1
                continue
            length = (packet[at] & 15) + 1
            extensions[packet[at] >> 4] = packet[at + 1 : at + 1 + length]
            at += 1 + length
    payload = packet[at : len(packet) - packet[-1]] if first & 0x20 else packet[at:]
    return RtpPacket(second & 0x7F, second >= 0x80, sequence_number, rtp_timestamp, ssrc, extensions, payload)


def parse_rtcp(compound: bytes) -> list[RtcpPacket]:
    packets = []
    while compound:
        first, packet_type, words = struct.unpack_from("!BBH", compound)
        packets.append(RtcpPacket(packet_type, first & 31, compound[4 : 4 + 4 * words]))
        compound = compound[4 + 4 * words :]
    return packets


def vp8_payload(picture_id: int, *, keyframe: bool, content: bytes = b"") -> bytes:
    """Descriptor with a long picture id, then the first byte of a frame's header (RFC 7741)."""
    return bytes([0x90, 0x80, 0x80 | picture_id >> 8, picture_id & 0xFF, 0x10 | (not keyframe)]) + content


@dataclass
class SrtpPeer:
    """One participant's connection; `transport` is the number the plane knows it by.

    Over TCP each packet has its length before it (RFC 4571).
    """

    plane: PacketPlane
    transport: int
    profile: Profile = PROFILES[0]
    host: str = "127.0.0.1"
    over_tcp: bool = False
    socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM if self.over_tcp else socket.SOCK_DGRAM)
        self.socket.settimeout(5)
        # UDP is not connected: what comes from elsewhere is to be seen.
        if self.over_tcp:
            self.socket.connect((self.host, self.plane.local_ports[0]))
        else:
            self.socket.bind((self.host, 0))
        self._master = {
            end: (os.urandom(self.profile.key_length), os.urandom(self.profile.salt_length))
            for end in ("node", "peer")
        }
        self._outbound = self._session("peer", Policy.SSRC_ANY_OUTBOUND)
        self._inbound = self._session("node", Policy.SSRC_ANY_INBOUND)
        self.rtp: list[RtpPacket] = []
        self.rtcp: list[RtcpPacket] = []

    def _session(self, end: str, direction: int) -> Session:
        return Session(
            Policy(key=b"".join(self._master[end]), ssrc_type=direction, srtp_profile=self.profile.number)
        )

    @property
    def ufrag(self) -> str:
        return f"ufrag{self.transport}"

    def keys(self) -> SetSrtpKeys:
        (local_key, local_salt), (remote_key, remote_salt) = self._master["node"], self._master["peer"]
        return SetSrtpKeys(
            transport=self.transport,
            profile=self.profile.name,
            local_key=local_key,
            local_salt=local_salt,
            remote_key=remote_key,
            remote_salt=remote_salt,
        )

    def send_raw(self, datagram: bytes) -> None:
        if self.over_tcp:
            self.socket.sendall(struct.pack("!H", len(datagram)) + datagram)
        else:
            self.socket.sendto(datagram, (self.host, self.plane.local_ports[0]))

    def receive_raw(self) -> bytes:
        if not self.over_tcp:
            return self.socket.recv(2_000)
        (length,) = struct.unpack("!H", self.socket.recv(2, socket.MSG_WAITALL))
        return self.socket.recv(length, socket.MSG_WAITALL)

    def prove(self) -> bytes:
        """Become known by STUN; returns the answer."""
        self.send_raw(stun_request(f"{self.ufrag}:peer", PASSWORD))
        return self.receive_raw()

    def stay(self) -> None:
        """Say that this path is still in use (RFC 7675); the answer is left out when media is received."""
        self.send_raw(stun_request(f"{self.ufrag}:peer", PASSWORD))

    def send_rtp(self, packet: RtpPacket) -> bytes:
        """Send it; returns the datagram."""
        datagram = self._outbound.protect(rtp(packet))
        self.send_raw(datagram)
        return datagram

    def send_rtcp(self, compound: bytes) -> None:
        self.send_raw(self._outbound.protect_rtcp(compound))

    def receive(self) -> RtpPacket | list[RtcpPacket]:
        """Wait for the next datagram, verify and keep it."""
        datagram = self.receive_raw()
        while datagram[0] < 2:
            datagram = self.receive_raw()
        if 192 <= datagram[1] <= 223:
            compound = parse_rtcp(self._inbound.unprotect_rtcp(datagram))
            self.rtcp.extend(compound)
            return compound
        packet = parse_rtp(self._inbound.unprotect(datagram))
        self.rtp.append(packet)
        return packet

    def receive_rtp(self) -> RtpPacket:
        while True:
            packet = self.receive()
            if isinstance(packet, RtpPacket):
                return packet

    def receive_rtcp(self, packet_type: int, subtype: int) -> RtcpPacket:
        """Wait for an RTCP packet of this type and format."""
        while True:
            for packet in self.rtcp:
                if (packet.packet_type, packet.subtype) == (packet_type, subtype):
                    self.rtcp.remove(packet)
                    return packet
            self.receive()

    def has_nothing(self) -> bool:
        """Whether no datagram waits right now."""
        self.socket.setblocking(False)
        try:
            self.socket.recv(2_000)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(5)
        return False
