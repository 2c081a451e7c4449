"""A node with two workers: meetings live side by side, each on a port of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import aiohttp
import pytest

from media_node.quantities import new_identifier
from tests.support.media_node_process import NodeProcess, running_node
from tests.support.webrtc_client import ColourTrack, HttpClient, mean_colour, play, publish

COLOURS = [(20, 140, 120), (180, 60, 40)]


@pytest.fixture
def wide_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with running_node(tmp_path_factory.mktemp("node"), {"PARLEY_NODE_WORKERS": "2"}) as process:
        yield process


def candidate_of(client: HttpClient) -> tuple[str, str]:
    """Address and port of the node's first candidate."""
    sdp = client.connection.remoteDescription.sdp
    found = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+)", sdp)
    assert found is not None, sdp
    return found[1], found[2]


async def test_meetings_on_two_workers_are_seen_each_on_its_own_port(
    http: aiohttp.ClientSession, wide_node: NodeProcess
):
    clients: list[HttpClient] = []
    ports = set()
    for colour in COLOURS:
        meeting = new_identifier("mtg_")
        token = wide_node.issuer.token
        publisher = await publish(http, wide_node.url, token(meeting), [ColourTrack(colour)])
        player = await play(http, wide_node.url, token(meeting), ["video"])
        clients += [publisher, player]
        assert candidate_of(publisher) == candidate_of(player)
        ports.add(candidate_of(player))
        async with asyncio.timeout(20):
            assert await mean_colour(player.track("video")) == pytest.approx(colour, abs=12)
    assert len(ports) == len(COLOURS)
    for client in clients:
        await client.connection.close()
