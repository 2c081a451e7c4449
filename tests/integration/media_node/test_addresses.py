"""A node on a machine with several addresses answers from the one that a client was told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.support.media_node_process import running_node
from tests.support.webrtc_client import ColourTrack, mean_colour, play, publish

COLOUR = (20, 140, 120)
# Routes prefer 127.0.0.1, and a client takes no answer from there to what it sent to another address.
SECOND = "127.0.0.2"


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_people_meet_at_the_second_address_of_a_node_that_listens_on_all(
    http: aiohttp.ClientSession, tmp_path: Path, meeting: str, host: str
):
    addresses = {"PARLEY_MEDIA_HOST": host, "PARLEY_MEDIA_ADDRESSES": SECOND}
    with running_node(tmp_path, addresses) as node:
        publisher = await publish(http, node.url, node.issuer.token(meeting), [ColourTrack(COLOUR)])
        player = await play(http, node.url, node.issuer.token(meeting), ["video"])
        async with asyncio.timeout(20):
            assert await mean_colour(player.track("video")) == pytest.approx(COLOUR, abs=12)
        for client in (publisher, player):
            await client.connection.close()
