"""A client of a node that does by hand what browsers do by themselves: it chooses sockets and credentials.

STUN by hand, DTLS by OpenSSL, SRTP by libsrtp, over UDP on loopback. Sources: RFC 8445 sections 7.2.4 (a
move) and 9 (a restart), RFC 5764 section 4.2 (keys).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import socket
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
from pylibsrtp import Policy, Session

from media_node.transport.certificate import Certificate
from media_node.transport.dtls import DtlsEndpoint
from tests.support.media_node_process import NodeProcess
from tests.support.srtp_peer import (
    MID_EXTENSION,
    RtpPacket,
    parse_rtp,
    rtp,
    stun_request,
    vp8_payload,
)

SECONDS = 10.0
# RFC 8445 section 14.3 has half a second for one check of many; here nothing else is under way.
REPEAT_SECONDS = 0.1
VP8 = 96
STUN_SUCCESS = b"\x01\x01"
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"


class UdpClient:
    """One participant: sends VP8 through the m-line `camera`, receives through the m-line `slot`."""

    def __init__(self, node: NodeProcess) -> None:
        self._node = node
        self._certificate = Certificate.generate()
        self._sockets = contextlib.ExitStack()
        self._sent = 0
        self._ssrc = secrets.randbits(31) | 2
        self.signaling: aiohttp.ClientWebSocketResponse
        self.socket = self.open_socket()
        self.own_ufrag = ""
        # What the node answered: its ICE name and password.
        self.credentials = ("", "")
        self._answer = ""

    def open_socket(self) -> socket.socket:
        """One more place of this client in the network."""
        made = self._sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        made.setblocking(False)
        made.connect(("127.0.0.1", self._node.media_port))
        return made

    def close(self) -> None:
        self._sockets.close()

    # Signaling.

    def new_offer(self) -> str:
        """An offer with new ICE credentials, else the same as ever."""
        self.own_ufrag = secrets.token_hex(4)
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE camera slot",
            f"a=ice-ufrag:{self.own_ufrag}",
            f"a=ice-pwd:{secrets.token_hex(16)}",
            f"a=fingerprint:sha-256 {self._certificate.sha256_fingerprint}",
            "a=setup:actpass",
        ]
        for mid, direction in (("camera", "sendonly"), ("slot", "recvonly")):
            lines += [
                f"m=video 9 UDP/TLS/RTP/SAVPF {VP8}",
                "c=IN IP4 0.0.0.0",
                f"a=mid:{mid}",
                f"a={direction}",
                "a=rtcp-mux",
                f"a=extmap:{MID_EXTENSION} {MID_URI}",
                f"a=rtpmap:{VP8} VP8/90000",
            ]
        return "\r\n".join(lines) + "\r\n"

    async def join(self, http: aiohttp.ClientSession, token: str) -> None:
        """Join and connect."""
        self.signaling = await http.ws_connect(self._node.socket_url, protocols=["parley.v1"])
        tracks = [{"mid": "camera", "source": "camera", "muted": False}]
        await self._say({"type": "join", "token": token, "offer": self.new_offer(), "tracks": tracks})
        self._take_answer((await self._hear("joined"))["answer"])
        await self.prove(self.socket)
        await self._shake_hands()

    async def restart_ice(self) -> None:
        """Offer new credentials and take the node's new ones; nothing is sent over UDP."""
        await self._say({"type": "offer", "id": 1, "sdp": self.new_offer()})
        self._take_answer((await self._hear("answer"))["sdp"])

    def _take_answer(self, answer: str) -> None:
        found = [re.search(rf"^a=ice-{name}:(\S+)", answer, re.MULTILINE) for name in ("ufrag", "pwd")]
        assert all(found), answer
        self.credentials = (str(found[0] and found[0][1]), str(found[1] and found[1][1]))
        self._answer = answer

    async def _say(self, message: dict[str, Any]) -> None:
        await self.signaling.send_json(message)

    async def _hear(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            while True:
                message: dict[str, Any] = await self.signaling.receive_json()
                assert message["type"] != "error", message
                if message["type"] == kind:
                    return message

    # The path.

    async def check(self, place: socket.socket, credentials: tuple[str, str], transaction: bytes) -> None:
        """Send one binding request."""
        name, password = credentials
        request = stun_request(f"{name}:{self.own_ufrag}", password, transaction=transaction)
        await asyncio.get_running_loop().sock_sendall(place, request)

    async def prove(self, place: socket.socket, credentials: tuple[str, str] | None = None) -> None:
        """Become known at a place, by the latest credentials or others; from now on it is this client's."""
        transaction = secrets.token_bytes(12)
        answered = asyncio.ensure_future(self._next_answer(place))
        # A check may come before the node's thread has heard of this client: it is repeated, as ever.
        while not answered.done():
            await self.check(place, credentials or self.credentials, transaction)
            await asyncio.wait([answered], timeout=REPEAT_SECONDS)
        assert await answered == transaction
        self.socket = place

    async def _next_answer(self, place: socket.socket) -> bytes:
        """The transaction of the next binding success; media that comes meanwhile is let go."""
        while True:
            datagram = await self._receive(place)
            if datagram.startswith(STUN_SUCCESS):
                return datagram[8:20]

    async def _receive(self, place: socket.socket) -> bytes:
        async with asyncio.timeout(SECONDS):
            return await asyncio.get_running_loop().sock_recv(place, 2_000)

    async def _shake_hands(self) -> None:
        found = re.search(r"^a=fingerprint:sha-256 (\S+)", self._answer, re.MULTILINE)
        assert found is not None
        dtls = DtlsEndpoint(self._certificate, "client", (("sha-256", found[1]),))
        dtls.start(time.monotonic())
        while dtls.keys is None:
            for datagram in dtls.poll_transmit():
                await asyncio.get_running_loop().sock_sendall(self.socket, datagram)
            datagram = await self._receive(self.socket)
            if 20 <= datagram[0] <= 63:
                dtls.handle_datagram(time.monotonic(), datagram)
        for datagram in dtls.poll_transmit():
            await asyncio.get_running_loop().sock_sendall(self.socket, datagram)
        keys = dtls.keys
        profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
        assert keys.profile == "AEAD_AES_128_GCM"
        self._outbound = Session(
            Policy(keys.local_key + keys.local_salt, Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile)
        )
        self._inbound = Session(
            Policy(keys.remote_key + keys.remote_salt, Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
        )

    # Media.

    async def send_picture(self, content: bytes) -> None:
        """A keyframe in one packet."""
        number = self._sent
        self._sent += 1
        packet = RtpPacket(
            payload_type=VP8,
            marker=True,
            sequence_number=number,
            rtp_timestamp=3_000 * number,
            ssrc=self._ssrc,
            extensions={MID_EXTENSION: b"camera"},
            payload=vp8_payload(number, keyframe=True, content=content),
        )
        await asyncio.get_running_loop().sock_sendall(self.socket, self._outbound.protect(rtp(packet)))

    async def next_packet(self) -> RtpPacket:
        """The next packet of media at the place where this client is."""
        while True:
            datagram = await self._receive(self.socket)
            if datagram[0] >= 128 and not 192 <= datagram[1] <= 223:
                return parse_rtp(self._inbound.unprotect(datagram))


@contextlib.contextmanager
def udp_clients(node: NodeProcess, count: int) -> Iterator[list[UdpClient]]:
    clients = [UdpClient(node) for _ in range(count)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()
