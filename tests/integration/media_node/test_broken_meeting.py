"""A panic in one meeting's state on a running node's plane: that meeting ends alone, its clients rejoin."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp

from media_node.quantities import new_identifier
from tests.support.media_node_process import running_node
from tests.support.udp_client import UdpClient, udp_clients
from tests.support.virtual_plane import FOLDER, LIBRARY

SECONDS = 10.0


async def see_each_other(publisher: UdpClient, viewer: UdpClient, content: bytes) -> int:
    """Send a picture and wait for it; returns the number of the packet that brought it."""
    await publisher.send_picture(content)
    while True:
        packet = await viewer.next_packet()
        if packet.payload.endswith(content):
            return packet.sequence_number


async def is_sent_away(client: UdpClient) -> bool:
    """Whether a client is told that its meeting is lost here, and its socket closed: it is to join again."""
    reasons = []
    async with asyncio.timeout(SECONDS):
        async for message in client.signaling:
            told = message.json()
            reasons += [told["reason"]] if told["type"] == "removed" else []
    return reasons == ["moved"]


async def test_a_broken_invariant_ends_its_meeting_alone_and_its_clients_rejoin(
    http: aiohttp.ClientSession, tmp_path: Path
):
    assert LIBRARY.exists(), "the plane for tests is not built: run `make setup`"
    environment = {"PYTHONPATH": str(FOLDER)}
    with (
        running_node(tmp_path, environment, module="tests.support.breaking_node") as node,
        udp_clients(node, 6) as (anna, ben, carl, dora, anna_again, ben_again),
    ):
        broken, other = new_identifier("mtg_"), new_identifier("mtg_")
        for meeting, people in ((broken, (ben, anna)), (other, (dora, carl))):
            for one in people:
                await one.join(http, node.issuer.token(meeting))
        await see_each_other(anna, ben, b"before")
        number = await see_each_other(carl, dora, b"before")
        assert node.metrics()['parley_meetings_lost_total{worker="0"}'] == 0

        node.process.send_signal(signal.SIGUSR1)
        assert await is_sent_away(anna)
        assert await is_sent_away(ben)
        # The other meeting goes on in the stream that it had.
        assert await see_each_other(carl, dora, b"meanwhile") == (number + 1) & 0xFFFF
        metrics = node.metrics()
        assert metrics['parley_meetings_lost_total{worker="0"}'] == 1
        assert metrics['parley_worker_restarts_total{worker="0"}'] == 0

        for one in (ben_again, anna_again):
            await one.join(http, node.issuer.token(broken))
        await see_each_other(anna_again, ben_again, b"after")
        assert node.stop() == 0
