"""What does a join cost a media node, and what does a participant weigh?

Each join is whole: WebSocket, token, an offer of two sending and fourteen receiving m-lines, answer, ICE and
the DTLS handshake, by aiortc as the client. The node's own CPU time is read from the kernel, so that the
clients' far larger cost does not count; joins per second per core follow from it. Everybody stays, in
meetings of four, until the memory has been read.

Usage: .venv/bin/python bench/joins.py [--joins 200] [--at-once 4]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from aiortc import RTCPeerConnection, RTCSessionDescription

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from media_node.quantities import new_identifier  # noqa: E402 - found only after the line above
from tests.support.media_node_process import NodeProcess, running_node  # noqa: E402

AUDIO_SLOTS = 4
VIDEO_SLOTS = 10
MEETING_SIZE = 4
WARM_UP = 8
JOIN_SECONDS = 60.0


class Client:
    """One participant that joins and stays."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection()
        self._connected = asyncio.Event()
        self.connection.on("connectionstatechange", self._handle_state)
        for kind in ("audio", "video"):
            self.connection.addTransceiver(kind, direction="sendonly")
        for kind in ["audio"] * AUDIO_SLOTS + ["video"] * VIDEO_SLOTS:
            self.connection.addTransceiver(kind, direction="recvonly")

    def _handle_state(self) -> None:
        if self.connection.connectionState == "connected":
            self._connected.set()

    async def prepare(self) -> None:
        """The client's own work, before any clock runs."""
        await self.connection.setLocalDescription(await self.connection.createOffer())

    async def join(self, http: aiohttp.ClientSession, node: NodeProcess, meeting: str) -> None:
        socket = await http.ws_connect(node.socket_url, protocols=["parley.v1"])
        offer = self.connection.localDescription.sdp
        await socket.send_json({"type": "join", "token": node.issuer.token(meeting), "offer": offer})
        joined = await socket.receive_json()
        assert joined["type"] == "joined", joined
        await self.connection.setRemoteDescription(RTCSessionDescription(joined["answer"], "answer"))
        await self._connected.wait()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    # Fields 14 and 15 of proc(5), counted behind the name, which may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def join_all(
    http: aiohttp.ClientSession, node: NodeProcess, clients: list[Client], at_once: int
) -> None:
    gate = asyncio.Semaphore(at_once)
    meetings = [new_identifier("mtg_") for _ in range(-(-len(clients) // MEETING_SIZE))]

    async def enter(number: int, client: Client) -> None:
        async with gate, asyncio.timeout(JOIN_SECONDS):
            await client.join(http, node, meetings[number // MEETING_SIZE])

    await asyncio.gather(*(enter(number, client) for number, client in enumerate(clients)))


async def measure(joins: int, at_once: int) -> None:
    unlimited = aiohttp.TCPConnector(limit=0)
    with tempfile.TemporaryDirectory() as folder, running_node(Path(folder)) as node:
        http = aiohttp.ClientSession(connector=unlimited)
        pid = node.process.pid
        idle = node.resident_bytes()
        clients = [Client() for _ in range(WARM_UP + joins)]
        for client in clients:
            await client.prepare()
        await join_all(http, node, clients[:WARM_UP], at_once)
        warm, cpu, started = node.resident_bytes(), cpu_seconds(pid), time.monotonic()
        await join_all(http, node, clients[WARM_UP:], at_once)
        wall = time.monotonic() - started
        spent = cpu_seconds(pid) - cpu
        await asyncio.sleep(2)
        held = node.resident_bytes() - warm
        await http.close()
        print(
            f"{joins} joins, {2 + AUDIO_SLOTS + VIDEO_SLOTS} m-lines each, {at_once} at once, "
            f"{wall:.1f} s with aiortc as the client"
        )
        print(f"  CPU of the node per join           {1000 * spent / joins:8.2f} ms")
        print(f"  joins per second per core          {joins / spent:8.0f}")
        print(f"  memory of the node, idle           {idle / 1e6:8.1f} MB")
        print(f"  memory per participant             {held / joins / 1e6:8.3f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--joins", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=4)
    options = parser.parse_args()
    asyncio.run(measure(options.joins, options.at_once))
    # Hundreds of open connections would take longer to close than to open, and the node is gone.
    os._exit(0)


if __name__ == "__main__":
    main()
