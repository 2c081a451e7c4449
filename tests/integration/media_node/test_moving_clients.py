"""Clients that change their address or restart ICE in the middle of a call: media goes on, keys stay."""

from __future__ import annotations

import secrets
from itertools import pairwise

import aiohttp
import pytest

from tests.support.media_node_process import NodeProcess
from tests.support.udp_client import UdpClient, udp_clients


async def seen(publisher: UdpClient, viewer: UdpClient) -> int:
    """Send pictures until one of them has come; returns the number of the packet that brought it."""
    content = secrets.token_bytes(12)
    await publisher.send_picture(content)
    while True:
        packet = await viewer.next_packet()
        if packet.payload.endswith(content):
            return packet.sequence_number
        assert packet.payload, "padding is not asked for here"


async def together(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, publisher: UdpClient, viewer: UdpClient
) -> int:
    """Both in one meeting, the viewer's slot showing the publisher; returns the number of a first packet."""
    await viewer.join(http, node.issuer.token(meeting))
    await publisher.join(http, node.issuer.token(meeting))
    return await seen(publisher, viewer)


@pytest.mark.parametrize("who", ["publisher", "viewer"])
async def test_a_client_that_restarts_ice_goes_on_from_another_address(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, who: str
):
    with udp_clients(node, 2) as (publisher, viewer):
        before = await together(http, node, meeting, publisher, viewer)
        moving = publisher if who == "publisher" else viewer
        oldest = moving.credentials
        await moving.restart_ice()
        former = moving.credentials
        await moving.restart_ice()
        for one, other in pairwise([oldest, former, moving.credentials]):
            assert one[0] != other[0]
            assert one[1] != other[1]
        # The path from before goes on until there is another one.
        assert await seen(publisher, viewer) == (before + 1) & 0xFFFF

        place = moving.open_socket()
        stale = secrets.token_bytes(12)
        await moving.check(place, oldest, stale)
        # Answers come in the order of the checks: the first one is not to the oldest credentials.
        await moving.prove(place)
        assert await seen(publisher, viewer) == (before + 2) & 0xFFFF
        # Chromium tries a path before it has the answer, and checks it by the former ones for good.
        await moving.prove(moving.open_socket(), former)
        assert await seen(publisher, viewer) == (before + 3) & 0xFFFF


@pytest.mark.parametrize("who", ["publisher", "viewer"])
async def test_a_client_whose_address_changes_is_followed(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, who: str
):
    with udp_clients(node, 2) as (publisher, viewer):
        before = await together(http, node, meeting, publisher, viewer)
        moving = publisher if who == "publisher" else viewer
        await moving.prove(moving.open_socket())
        assert await seen(publisher, viewer) == (before + 1) & 0xFFFF
