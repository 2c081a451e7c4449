"""Bytes that are no request, or a bad one, on the port that people open: they harm nobody."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from localcloud.control_plane import ControlPlane
from localcloud.gateway.gateway import Gateway
from localcloud.listener import Listener
from localcloud.media_edge import MediaEdge
from localcloud.ports import Ports
from localcloud.settings import Settings
from localcloud.web_app import WebApp
from tests.support import small_app

PATH = b"/v1/things/a"
# None of them may be answered with anything but a refusal, or the end of the connection.
REFUSED: dict[str, bytes] = {
    "no HTTP": os.urandom(64).replace(b"\n", b"x") + b"\r\n\r\n",
    "a greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n",
    "a version that is none": b"GET " + PATH + b" HTTP/9.9x\r\nHost: x\r\n\r\n",
    "no path": b"GET\r\n\r\n",
    "a long request line": b"GET /v1/" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a length of letters": b"POST " + PATH + b" HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n{}",
    "a length below nought": b"POST " + PATH + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
    "a length with a sign": b"POST " + PATH + b" HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}",
    "two lengths": b"POST "
    + PATH
    + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length and chunks": (
        b"POST " + PATH + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n"
    ),
    "a chunk without a size": (
        b"POST " + PATH + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
    "a NUL in a header": b"GET " + PATH + b" HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n",
    "a header without a colon": b"GET " + PATH + b" HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    "a header name with a space": b"GET " + PATH + b" HTTP/1.1\r\nHost: x\r\nX A: b\r\n\r\n",
    "a header of 100 KB": b"GET " + PATH + b" HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "20,000 headers": b"GET " + PATH + b" HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n",
    "headers beyond the gateway's limit": (
        b"GET " + PATH + b" HTTP/1.1\r\nHost: x\r\n" + (b"X-A: " + b"b" * 1000 + b"\r\n") * 12 + b"\r\n"
    ),
    "an encoded line break in an unknown path": b"GET /v1/nothing/%0A%00%ff HTTP/1.1\r\nHost: x\r\n\r\n",
}


# Of links that nobody asks for here.
KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    settings = Settings(
        host="127.0.0.1", port=Ports(tmp_path / "ports.json").port("api"), nodes=1, data=tmp_path
    )
    control_plane = ControlPlane(small_app)
    media = MediaEdge(None, "bucket", "http://127.0.0.1", "local", KEY.public_key(), "x")
    listener = Listener(settings, Gateway(control_plane), WebApp(tmp_path, lambda: []), media)
    await listener.start()
    yield settings.port
    await listener.stop()
    control_plane.close()


async def answer_to(port: int, request: bytes, *, breaks_off: bool = False) -> bytes:
    """The first bytes of the answer; none where the connection was closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        if breaks_off:
            writer.write_eof()
        return await reader.read(64)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def assert_alive(port: int) -> None:
    answer = await answer_to(port, b"GET /v1/things/fixed HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("kind", REFUSED)
async def test_bytes_that_nobody_should_send_are_refused(port: int, kind: str):
    answer = await asyncio.wait_for(answer_to(port, REFUSED[kind]), 10)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer
    await assert_alive(port)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST " + PATH + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"POST " + PATH + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"POST " + PATH + b" HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n",
        b"GET " + PATH + b" HTTP/1.1\r\nHost:",
        b"",
    ],
)
async def test_a_request_that_breaks_off_harms_nobody(port: int, request_bytes: bytes):
    answer = await asyncio.wait_for(answer_to(port, request_bytes, breaks_off=True), 10)
    assert not answer.startswith(b"HTTP/1.1 5")
    await assert_alive(port)


async def test_a_thousand_connections_of_noise_leave_the_port_open(port: int):
    for _ in range(20):
        await asyncio.gather(
            *(answer_to(port, os.urandom(50) + b"\r\n\r\n", breaks_off=True) for _ in range(50))
        )
    await assert_alive(port)
