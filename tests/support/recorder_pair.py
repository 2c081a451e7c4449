"""A meeting's node and the one that records it too, over one stand-in of the cloud."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media_node.quantities import new_identifier
from media_node.recording.verification import verify_chain, verify_segment
from tests.support.media_node_process import NodeProcess
from tests.support.recordings import Cloud, StoredTake, command, read_take, recording_node, start_recording


@dataclass
class Pair:
    """Both nodes; their reports come through one queue."""

    cloud: Cloud
    first: NodeProcess
    second: NodeProcess
    meeting: str
    recording: str
    queue_by_node: dict[str, str]

    def recorder_token(self) -> str:
        grants = {"publish": [], "subscribe": True, "moderate": False, "takeAll": True}
        return self.first.issuer.token(self.meeting, role="recorder", name="Recorder", grants=grants)

    async def start(self, **where: Any) -> None:
        first, second = (self.queue_by_node[one.issuer.node] for one in (self.first, self.second))
        await start_recording(self.cloud, first, self.meeting, self.recording, backup=True, **where)
        await self.start_second(second, **where)

    async def start_second(self, queue: str, **where: Any) -> None:
        source = {"url": self.first.url, "token": self.recorder_token()}
        await start_recording(self.cloud, queue, self.meeting, self.recording, source=source, **where)

    async def stop(self, node: NodeProcess) -> None:
        queue = self.queue_by_node[node.issuer.node]
        await command(self.cloud, queue, "stopRecording", self.meeting, self.recording)

    async def told(
        self, role: str, is_right: Callable[[dict[str, Any]], bool], seconds: float = 60
    ) -> dict[str, Any]:
        mine = self.recording
        return await self.cloud.recording(
            lambda one: one["recording"] == mine and one["role"] == role and is_right(one), seconds
        )

    async def take(self, prefix: str, **where: str) -> StoredTake:
        """What is stored under a prefix, whole and in order."""
        take = await asyncio.to_thread(read_take, self.cloud.s3, prefix, **where)
        assert verify_chain(take.pages, take.entries) == []
        for entry in take.entries:
            assert verify_segment(entry, take.data_by_key[entry.key]) is None
        return take


@asynccontextmanager
async def recorder_pair(cloud: Cloud, folder: Path, meeting: str, **environment: str) -> AsyncIterator[Pair]:
    """Two nodes that have reported."""
    with ExitStack() as nodes:
        both = []
        for name in ("first", "second"):
            (folder / name).mkdir(exist_ok=True)
            both.append(nodes.enter_context(recording_node(cloud, folder / name, **environment)))
        queues: dict[str, str] = {}
        while not {one.issuer.node for one in both} <= queues.keys():
            report = await cloud.report(lambda one: one["commandQueueUrl"])
            queues[report["node"]] = report["commandQueueUrl"]
        yield Pair(cloud, both[0], both[1], meeting, new_identifier("rec_"), queues)
