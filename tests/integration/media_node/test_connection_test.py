"""A connection test at a real node: media comes back, and nobody gets more than a test is for."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import jwt
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from media_node.connection_tests import MAX_AT_ONCE, MAX_PATHS
from media_node.signaling.connection_test import MAX_MESSAGES
from tests.support.media_node_process import NodeProcess
from tests.support.webrtc_client import ColourTrack, mean_colour

VIOLET = (120, 40, 160)


def a_token(at: NodeProcess, **claims: Any) -> str:
    now = int(time.time())
    payload = {
        "iss": "http://test/v1",
        "aud": "parley-test",
        "sub": "test",
        "jti": secrets.token_hex(8),
        "node": at.issuer.node,
        "iat": now,
        "exp": now + 180,
        **claims,
    }
    issuer = at.issuer
    return jwt.encode(payload, issuer.key, algorithm="ES256", headers={"kid": issuer.key_id})


class Test:
    """One client's test."""

    __test__ = False

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def ask(self, **message: Any) -> Any:
        await self.socket.send_json(message)
        async with asyncio.timeout(10):
            return await self.socket.receive_json()

    async def end(self) -> tuple[str, int | None]:
        """The code of the error that ends it, and the close code."""
        async with asyncio.timeout(10):
            error = await self.socket.receive_json()
            assert error["type"] == "error", error
            await self.socket.receive()
        return error["code"], self.socket.close_code


@asynccontextmanager
async def opened(
    http: aiohttp.ClientSession, node: NodeProcess, token: str | None = None
) -> AsyncIterator[Test]:
    url = f"ws{node.url.removeprefix('http')}/test"
    async with http.ws_connect(url, protocols=["parley-test.v1"]) as socket:
        await socket.send_json({"type": "test", "token": token or a_token(node)})
        yield Test(socket)


@pytest.fixture
async def test(http: aiohttp.ClientSession, node: NodeProcess) -> AsyncIterator[Test]:
    async with opened(http, node) as found:
        assert (await found.socket.receive_json())["type"] == "ready"
        yield found


async def a_path(test: Test) -> RTCPeerConnection:
    connection = RTCPeerConnection()
    connection.addTransceiver(ColourTrack(VIOLET), direction="sendonly")
    connection.addTransceiver("video", direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    answer = await test.ask(type="path", sdp=connection.localDescription.sdp)
    assert answer["type"] == "answer", answer
    await connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    return connection


async def counted(test: Test) -> Any:
    """What the node says as soon as it has looked; it does so once a second."""
    while True:
        seen = await test.ask(type="measure")
        if seen["uplink"]["packetsReceived"]:
            return seen
        await asyncio.sleep(0.2)


async def test_the_clients_own_picture_comes_back_and_is_counted(test: Test):
    connection = await a_path(test)
    try:
        async with asyncio.timeout(30):
            received = connection.getTransceivers()[1].receiver.track
            assert await mean_colour(received) == pytest.approx(VIOLET, abs=12)
            seen = await counted(test)
        assert seen["uplink"]["bytesReceived"] > 0
        assert seen["downlink"]["bytesSent"] > 0
        assert seen["uplink"]["packetsLost"] == 0
    finally:
        await connection.close()


async def test_answers_pings_with_their_numbers(test: Test):
    assert [await test.ask(type="ping", id=number) for number in (0, 5)] == [
        {"type": "pong", "id": 0},
        {"type": "pong", "id": 5},
    ]


async def test_a_test_is_no_meeting(test: Test, node: NodeProcess):
    before = node.metrics()
    connection = await a_path(test)
    await connection.close()
    after = node.metrics()
    assert after["parley_participants"] == before["parley_participants"]
    assert after["parley_connection_tests_total"] >= 1


async def test_a_token_opens_one_test_only(http: aiohttp.ClientSession, node: NodeProcess):
    token = a_token(node)
    async with opened(http, node, token) as first:
        assert (await first.socket.receive_json())["type"] == "ready"
    async with opened(http, node, token) as second:
        assert await second.end() == ("conflict", 4409)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "parley-media"},
        {"node": "node_elsewhere"},
        {"exp": 1},
        {"jti": ""},
    ],
    ids=["a join token", "another node's", "expired", "without a number"],
)
async def test_other_tokens_open_none(http: aiohttp.ClientSession, node: NodeProcess, claims: dict[str, Any]):
    async with opened(http, node, a_token(node, **claims)) as test:
        assert await test.end() == ("token_invalid", 4401)


async def test_a_test_token_lets_nobody_into_a_meeting(http: aiohttp.ClientSession, node: NodeProcess):
    async with http.ws_connect(node.socket_url, protocols=["parley.v1"]) as socket:
        await socket.send_json({"type": "join", "token": a_token(node)})
        assert (await socket.receive_json())["code"] == "token_invalid"


async def test_a_test_makes_so_many_paths_and_no_more(test: Test):
    for _ in range(MAX_PATHS):
        await (await a_path(test)).close()
    connection = RTCPeerConnection()
    connection.addTransceiver("video", direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    await test.socket.send_json({"type": "path", "sdp": connection.localDescription.sdp})
    assert await test.end() == ("not_granted", 4403)
    await connection.close()


async def test_a_test_says_so_much_and_no_more(test: Test):
    for number in range(MAX_MESSAGES):
        await test.ask(type="ping", id=number)
    assert await test.end() == ("too_large", 4413)


async def test_so_many_go_on_at_once_and_the_next_waits_for_a_place(
    http: aiohttp.ClientSession, node: NodeProcess
):
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(MAX_AT_ONCE):
            one = await stack.enter_async_context(opened(http, node))
            assert (await one.socket.receive_json())["type"] == "ready"
        async with opened(http, node) as refused:
            assert await refused.end() == ("node_full", 4503)
    async with asyncio.timeout(10), opened(http, node) as after:
        assert (await after.socket.receive_json())["type"] == "ready"


@pytest.mark.parametrize("sent", ["{", '{"type":"path","sdp":"v=0"}', '{"type":"ping","id":1}', "[]"])
async def test_what_comes_before_the_token_ends_it(http: aiohttp.ClientSession, node: NodeProcess, sent: str):
    url = f"ws{node.url.removeprefix('http')}/test"
    async with http.ws_connect(url, protocols=["parley-test.v1"]) as socket:
        await socket.send_str(sent)
        assert await Test(socket).end() == ("malformed", 4400)


async def test_an_offer_that_is_none_ends_it_with_a_name(test: Test):
    await test.socket.send_json({"type": "path", "sdp": "v=0"})
    assert await test.end() == ("sdp_invalid", 4400)
