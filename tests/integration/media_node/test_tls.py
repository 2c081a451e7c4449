"""A node that browsers of a page over HTTPS can reach: signaling over TLS, by a certificate that changes."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import aiohttp
from cryptography import x509

from media_node.quantities import new_identifier
from tests.support.certificates import write_pair
from tests.support.media_node_process import ANYBODY, NodeProcess, running_node

REFRESH_SECONDS = 10.0


async def test_signaling_goes_over_tls(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    with running_node(tmp_path, tls=write_pair(tmp_path, 1)) as node:
        assert node.socket_url.startswith("wss://")
        async with http.ws_connect(node.socket_url, protocols=["parley.v1"], ssl=ANYBODY) as connection:
            token = node.issuer.token(new_identifier("mtg_"), aud="somebody else")
            await connection.send_json({"type": "join", "token": token, "offer": "v=0"})
            answer = await connection.receive_json(timeout=5)
    assert answer["type"] == "error"


async def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    with running_node(tmp_path, tls=write_pair(tmp_path, 1, when=1)) as node:
        assert await serial_of(node) == 1
        write_pair(tmp_path, 2, when=2)
        async with asyncio.timeout(REFRESH_SECONDS):
            while await serial_of(node) != 2:
                assert node.process.poll() is None


async def serial_of(node: NodeProcess) -> int:
    port = int(node.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=ANYBODY)
    served: ssl.SSLObject = writer.get_extra_info("ssl_object")
    shown = served.getpeercert(binary_form=True)
    writer.close()
    assert shown is not None
    assert reader is not None
    return x509.load_der_x509_certificate(shown).serial_number
