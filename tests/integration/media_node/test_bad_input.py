"""Whatever a stranger sends: a clear error, or silence, and a node that goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import struct
import time
import zlib
from typing import Any

import aiohttp
import jwt
import pytest

from media_node.quantities import new_identifier
from tests.support.media_node_process import Issuer, NodeProcess
from tests.support.webrtc_client import ColourTrack, publish

GARBAGE_SDP = [
    "",
    "hello",
    "v=0\r\n",
    "v=0\r\nm=audio\r\n",
    "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF x\r\n" * 50,
    "\0" * 99,
]


def bad_tokens(issuer: Issuer, meeting: str) -> dict[str, str]:
    now = int(time.time())
    forger = Issuer(issuer.node, key_id=issuer.key_id)
    good = issuer.token(meeting)
    unsigned = jwt.encode(jwt.decode(good, options={"verify_signature": False}), "", algorithm="none")
    return {
        "forged": forger.token(meeting),
        "expired": issuer.token(meeting, iat=now - 900, nbf=now - 900, exp=now - 600),
        "not yet valid": issuer.token(meeting, nbf=now + 600),
        "for another node": issuer.token(meeting, node=new_identifier("node_")),
        "for another audience": issuer.token(meeting, aud="parley-resume"),
        "without a meeting": issuer.token(meeting, mtg=None),
        "unsigned": unsigned,
        "of an unknown key": Issuer(issuer.node, key_id="other").token(meeting),
        "cut": good[:-9],
        "no token": "nonsense",
    }


async def test_every_bad_token_is_refused_on_the_socket(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str
):
    for name, token in bad_tokens(node.issuer, meeting).items():
        async with http.ws_connect(node.socket_url, protocols=["parley.v1"]) as connection:
            await connection.send_json({"type": "join", "token": token})
            error = await connection.receive_json(timeout=5)
            assert (error["type"], error["code"]) == ("error", "token_invalid"), name
            assert (await connection.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE, name
            assert connection.close_code == 4401, name


async def test_every_bad_token_is_refused_on_whip(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str
):
    for name, token in bad_tokens(node.issuer, meeting).items():
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        async with http.post(f"{node.url}/whip", data="v=0\r\n", headers=headers) as answer:
            assert answer.status == 401, name
            assert answer.headers["WWW-Authenticate"] == "Bearer", name


@pytest.mark.parametrize("path", ["whip", "whep"])
@pytest.mark.parametrize("offer", GARBAGE_SDP, ids=range(len(GARBAGE_SDP)))
async def test_garbage_for_an_offer_is_the_clients_error(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, path: str, offer: str
):
    headers = {"Authorization": f"Bearer {node.issuer.token(meeting)}", "Content-Type": "application/sdp"}
    async with http.post(f"{node.url}/{path}", data=offer, headers=headers) as answer:
        assert answer.status == 422
        assert (await answer.json(content_type="application/problem+json"))["code"] == "sdp_invalid"


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"v=0\r\n" + b"a=x\r\n" * 200_000, "application/sdp", 413),
        (b"\xff\xfe", "application/sdp", 400),
        (b"v=0\r\n", "text/plain", 415),
    ],
    ids=["1 MiB", "not UTF-8", "another type"],
)
async def test_a_body_that_is_no_offer_is_named_as_what_it_is(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, body: bytes, media_type: str, status: int
):
    headers = {"Authorization": f"Bearer {node.issuer.token(meeting)}", "Content-Type": media_type}
    async with http.post(f"{node.url}/whip", data=body, headers=headers) as answer:
        assert answer.status == status


async def test_a_client_that_offers_compression_is_served_without(
    http: aiohttp.ClientSession, node: NodeProcess
):
    async with http.ws_connect(node.socket_url, protocols=["parley.v1"], compress=15) as connection:
        assert connection.compress == 0


async def refused(
    http: aiohttp.ClientSession, node: NodeProcess, first: str | bytes
) -> tuple[str, int | None]:
    """The error code and the close code that a first frame earns."""
    async with http.ws_connect(node.socket_url, protocols=["parley.v1"]) as connection:
        await (connection.send_bytes(first) if isinstance(first, bytes) else connection.send_str(first))
        error = await connection.receive_json(timeout=5)
        await connection.receive(timeout=5)
        return error["code"], connection.close_code


@pytest.mark.parametrize(
    "first",
    [
        '{"type": "leave"}',
        "{",
        "[]",
        "null",
        '{"type": 5}',
        '{"type": "shout"}',
        b"\x00\x01",
        '{"type": "join"}',
    ],
)
async def test_a_socket_that_does_not_begin_with_join_is_closed(
    http: aiohttp.ClientSession, node: NodeProcess, first: str | bytes
):
    assert await refused(http, node, first) == ("malformed", 4400)


@pytest.mark.parametrize("size", [270_000, 1_000_000])
async def test_an_offer_that_is_too_long_is_refused_on_the_socket(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, size: int
):
    first = json.dumps({"type": "join", "token": node.issuer.token(meeting), "offer": "v=0\r\n" + "x" * size})
    assert await refused(http, node, first) == ("too_large", 4413)


async def test_a_frame_beyond_all_limits_ends_the_socket(http: aiohttp.ClientSession, node: NodeProcess):
    async with http.ws_connect(node.socket_url, protocols=["parley.v1"]) as connection:
        # The node may hang up before it was all sent, and then the client may not see why.
        with contextlib.suppress(ConnectionError):
            await connection.send_str("x" * 2_000_000)
        async with asyncio.timeout(5):
            while (await connection.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert connection.close_code in (1006, 1009, 4413)


async def test_nonsense_after_joining_is_answered_and_the_session_goes_on(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str
):
    async with http.ws_connect(node.socket_url, protocols=["parley.v1"]) as connection:
        await connection.send_json({"type": "join", "token": node.issuer.token(meeting)})
        assert (await connection.receive_json(timeout=5))["type"] == "joined"
        nonsense: list[str | bytes] = [
            "{",
            b"\x00",
            '{"type": "join", "token": "x"}',
            '{"type": "mute", "id": 7, "track": "trk_' + "a" * 26 + '", "muted": true}',
            '{"type": "assign", "slot": "nowhere", "track": null}',
            '{"type": "offer", "id": 8, "sdp": "garbage"}',
            '{"type": "message", "text": "' + "x" * 70_000 + '"}',
        ]
        answers: list[dict[str, Any]] = []
        for one in nonsense:
            await (connection.send_bytes(one) if isinstance(one, bytes) else connection.send_str(one))
            answers.append(await connection.receive_json(timeout=5))
        assert {answer["type"] for answer in answers} == {"error"}
        assert [answer["number"] for answer in answers] == list(range(2, 2 + len(nonsense)))
        assert [answers[3].get("id"), answers[5].get("id")] == [7, 8]
        await connection.send_json({"type": "stats", "report": {}})
        assert (await connection.receive_json(timeout=5))["type"] == "quality"


def datagrams() -> list[bytes]:
    """What a scanner sends: noise of every first byte, STUN without a password, cut RTP, a ClientHello."""
    chance = random.Random(7)
    noise = [bytes([first]) + chance.randbytes(chance.randrange(0, 1_200)) for first in range(256)]
    return [
        *noise,
        b"",
        binding_request(b""),
        binding_request(username(b"nobody:else")),
        b"\x80\x60\x00",
        hello(),
    ]


def username(value: bytes) -> bytes:
    return struct.pack("!HH", 0x0006, len(value)) + value + b"\0" * (-len(value) % 4)


def binding_request(attributes: bytes) -> bytes:
    """RFC 8489, with FINGERPRINT and without MESSAGE-INTEGRITY."""
    length = len(attributes) + 8
    head = struct.pack("!HHI", 0x0001, length, 0x2112A442) + os.urandom(12) + attributes
    return head + struct.pack("!HHI", 0x8028, 4, zlib.crc32(head) ^ 0x5354554E)


def hello() -> bytes:
    """The start of a DTLS 1.2 ClientHello (RFC 6347): enough for a handshake state to be spoilt by it."""
    body = b"\xfe\xfd" + os.urandom(32) + b"\0\0" + b"\0\x02\xc0\x2b" + b"\x01\0"
    fragment = (
        struct.pack("!B", 1)
        + len(body).to_bytes(3, "big")
        + b"\0\0"
        + b"\0\0\0"
        + len(body).to_bytes(3, "big")
    )
    record = fragment + body
    return b"\x16\xfe\xff" + b"\0\0" + b"\0" * 6 + struct.pack("!H", len(record)) + record


def test_strangers_hear_nothing(node: NodeProcess):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect(("127.0.0.1", node.media_port))
        stranger.settimeout(0.3)
        sent = datagrams()
        before = node.metrics()['parley_packets_received_total{worker="0"}']
        for datagram in sent:
            stranger.send(datagram)
        with pytest.raises(TimeoutError):
            stranger.recv(2_048)
    after = node.metrics()['parley_packets_received_total{worker="0"}']
    assert after - before >= len(sent) - 1, "what came in is counted (an empty datagram may not be)"


async def test_a_strangers_hello_does_not_spoil_a_handshake_under_way(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str
):
    async def disturb() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setblocking(False)
            while True:
                stranger.sendto(hello(), ("127.0.0.1", node.media_port))
                await asyncio.sleep(0.002)

    disturbing = asyncio.ensure_future(disturb())
    try:
        client = await publish(http, node.url, node.issuer.token(meeting), [ColourTrack((9, 9, 9))])
        assert client.connection.connectionState == "connected"
        await client.connection.close()
    finally:
        disturbing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await disturbing
