"""Members who begin handshakes and fall silent: they hold few places and little memory, and not for long."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from media_node.quantities import new_identifier
from media_node.transport.certificate import Certificate
from media_node.transport.dtls import DtlsEndpoint
from media_node.transport.handshake_limit import MAX_PER_SOURCE
from tests.support.media_node_process import NodeProcess, running_node
from tests.support.srtp_peer import stun_request

MEMBERS_OF_A_MEETING = 50
AT_ONCE = 16
# RFC 7983: what begins with less is STUN.
FIRST_DTLS_BYTE = 20
STUN_SUCCESS = b"\x01\x01"
CHECK_SECONDS = 0.1
DEFERRED = "parley_handshakes_deferred_total"
# A place holds some 100 kB while its flight waits for an answer; a member that never connects some 40.
PLACE_BYTES, MEMBER_BYTES = 150_000, 60_000
NOISE_BYTES = 16 << 20
# An open handshake is over 15 s after the last check, what was never proven after 30; it looks each second.
GONE_SECONDS = 33.0
CLIENT = Certificate.generate()
OFFER = "\r\n".join(
    [
        "v=0",
        "a=group:BUNDLE 0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuv",
        f"a=fingerprint:sha-256 {CLIENT.sha256_fingerprint}",
        "a=setup:actpass",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=sendonly",
        "a=rtpmap:111 opus/48000/2",
        "",
    ]
)


@pytest.fixture
def open_node(tmp_path: Path) -> Iterator[NodeProcess]:
    # Who may come is not the question here, but what they cost.
    room = {"PARLEY_NODE_CAPACITY_UNITS": "10000000", "PARLEY_CPU_PROTECTION": "false"}
    with running_node(tmp_path, {**room, "PARLEY_LOG_LEVEL": "error"}) as process:
        yield process


def client_hello() -> bytes:
    """A whole first flight, as OpenSSL writes it."""
    client = DtlsEndpoint(CLIENT, "client", (("sha-256", CLIENT.sha256_fingerprint),))
    client.start(0.0)
    (hello,) = client.poll_transmit()
    return hello


async def leave_open(http: aiohttp.ClientSession, node: NodeProcess, meeting: str, hello: bytes) -> None:
    """Join, prove an address, begin a handshake, and say no more."""
    headers = {
        "Authorization": f"Bearer {node.issuer.token(meeting)}",
        "Content-Type": "application/sdp",
    }
    async with http.post(f"{node.url}/whip", data=OFFER, headers=headers) as answer:
        text = await answer.text()
        assert answer.status == 201, text
    ufrag, password = (re.search(rf"^a=ice-{one}:(\S+)", text, re.MULTILINE) for one in ("ufrag", "pwd"))
    assert ufrag is not None
    assert password is not None
    check = stun_request(f"{ufrag[1]}:abcd", password[1], transaction=secrets.token_bytes(12))
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as path:
        path.setblocking(False)
        path.connect(("127.0.0.1", node.media_port))
        answered = asyncio.ensure_future(stun_answer(path))
        while not answered.done():
            await loop.sock_sendall(path, check)
            await asyncio.wait([answered], timeout=CHECK_SECONDS)
        assert (await answered).startswith(STUN_SUCCESS)
        await loop.sock_sendall(path, hello)


async def stun_answer(path: socket.socket) -> bytes:
    """The next of its kind: who had this port before may still be sent a handshake's answer again."""
    while True:
        datagram = await asyncio.get_running_loop().sock_recv(path, 2_000)
        if datagram[0] < FIRST_DTLS_BYTE:
            return datagram


async def begin(http: aiohttp.ClientSession, node: NodeProcess, count: int) -> list[int]:
    """Let so many members leave their handshakes open; returns the node's memory after each thousand."""
    hello, gate = client_hello(), asyncio.Semaphore(AT_ONCE)
    resident: list[int] = []

    async def one(meeting: str) -> None:
        async with gate:
            await leave_open(http, node, meeting, hello)

    for begun in range(0, count, 1_000):
        members = range(begun, min(count, begun + 1_000))
        meetings = [new_identifier("mtg_") for _ in range(len(members) // MEMBERS_OF_A_MEETING + 1)]
        await asyncio.gather(*(one(meetings[number % len(meetings)]) for number in members))
        resident.append(node.resident_bytes())
    return resident


@pytest.mark.parametrize("count", [300, pytest.param(100_000, marks=pytest.mark.slow)])
async def test_open_handshakes_of_one_place_are_few_and_their_members_go(
    http: aiohttp.ClientSession, open_node: NodeProcess, count: int
):
    before = open_node.resident_bytes()
    started = time.monotonic()
    resident = await begin(http, open_node, count)
    took = time.monotonic() - started
    there = open_node.metrics()["parley_participants"]
    print(
        f"{count} in {took:.0f} s, {there:.0f} still there; MB more:",
        " ".join(f"{(one - before) / 1e6:.0f}" for one in resident[:: max(1, len(resident) // 20)]),
    )
    # Those who go meanwhile make room: at most half a minute's worth is there at a time.
    present = min(count, count / took * GONE_SECONDS)
    assert max(resident) - before < MAX_PER_SOURCE * PLACE_BYTES + present * MEMBER_BYTES + NOISE_BYTES
    if took < 10:
        assert open_node.metrics()[DEFERRED] >= count - MAX_PER_SOURCE
    if count > 1_000:
        await gone(open_node)
        assert open_node.resident_bytes() <= max(resident)


async def gone(node: NodeProcess) -> None:
    """Wait until nobody is there any more."""
    deadline = time.monotonic() + GONE_SECONDS
    while node.metrics()["parley_participants"]:
        assert time.monotonic() < deadline, f"{node.metrics()['parley_participants']:.0f} are still there"
        await asyncio.sleep(0.5)
