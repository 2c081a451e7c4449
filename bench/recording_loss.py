"""What is lost when a recorder is killed, and when a node is?

A real node records a real publisher (VP8 and Opus by aiortc) into a stand-in of S3. Its recorder is killed
with SIGKILL again and again; the gaps are read from the manifest. Then the node is killed: what is missing is
the time from the end of the last segment to the kill.

Usage: .venv/bin/python bench/recording_loss.py [--long] [--json FILE]
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiohttp

from bench._harness import report
from media_node.quantities import new_identifier
from media_node.recording.verification import verify_chain
from tests.support.media_node_process import NodeProcess
from tests.support.recordings import (
    Cloud,
    StoredTake,
    command,
    read_take,
    recorder_pids,
    recording_node,
    running_cloud,
    start_recording,
    wait_gone,
)
from tests.support.webrtc_client import ColourTrack, ToneTrack, publish


async def killed_recorders(cloud: Cloud, folder: Path, kills: int) -> StoredTake:
    """The take of a recording whose recorder is killed so many times."""
    with recording_node(cloud, folder) as node:
        async with aiohttp.ClientSession() as http:
            meeting, recording, queue, connection = await begin(cloud, node, http)
            for _ in range(kills):
                seen = await cloud.recording(
                    lambda one: one["state"] == "recording" and one["segments"] > 0, 60
                )
                count = seen["segments"]
                await cloud.recording(lambda one, count=count: one["segments"] >= count + 3, 60)
                await asyncio.sleep(random.uniform(0, 2))
                for pid in recorder_pids(node):
                    os.kill(pid, signal.SIGKILL)
            seen = await cloud.recording(lambda one: one["state"] == "recording", 60)
            await cloud.recording(lambda one: one["segments"] >= seen["segments"] + 4, 60)
            await command(cloud, queue, "stopRecording", meeting, recording)
            told = await cloud.recording(lambda one: one["state"] == "stopped", 60)
            take = await asyncio.to_thread(read_take, cloud.s3, told["prefix"])
            assert verify_chain(take.pages, take.entries) == []
            await connection.close()
            return take


async def killed_node(cloud: Cloud, folder: Path) -> list[float]:
    """Seconds of each track that are missing when a node is killed."""
    with recording_node(cloud, folder) as node:
        async with aiohttp.ClientSession() as http:
            _, _, _, connection = await begin(cloud, node, http)
            told = await cloud.recording(lambda one: one["segments"] >= 6, 60)
            (recorder,) = recorder_pids(node)
            await asyncio.sleep(random.uniform(0, 2))
            killed_us = time.time_ns() // 1_000
            node.process.kill()
            await asyncio.to_thread(node.process.wait)
            await asyncio.to_thread(wait_gone, recorder)
            take = await asyncio.to_thread(read_take, cloud.s3, told["prefix"])
            assert verify_chain(take.pages, take.entries) == []
            await connection.close()
            ends = [take.of(source)[-1].end_us for source in ("microphone", "camera")]
            return [max(0.0, (killed_us - end) / 1e6) for end in ends]


async def begin(cloud: Cloud, node: NodeProcess, http: aiohttp.ClientSession) -> tuple[str, str, str, Any]:
    meeting, recording = new_identifier("mtg_"), new_identifier("rec_")
    token = node.issuer.token(meeting)
    client = await publish(http, node.url, token, [ToneTrack(), ColourTrack((20, 140, 120))])
    found = await cloud.report(lambda one: one["node"] == node.issuer.node and one["meetings"])
    queue = found["commandQueueUrl"]
    await start_recording(cloud, queue, meeting, recording)
    return meeting, recording, queue, client.connection


def line(values: list[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    median = ordered[len(ordered) // 2]
    return f"median {median:.2f} s, p95 {p95:.2f} s, most {ordered[-1]:.2f} s of {len(ordered)}"


async def measure(outcome: report.Report, kills: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with running_cloud(Path(name)) as cloud:
            (Path(name) / "first").mkdir()
            take = await killed_recorders(cloud, Path(name) / "first", kills)
            for source in ("microphone", "camera"):
                tracks = {entry.track for entry in take.of(source)}
                lost = [
                    (gap.end_us - gap.start_us) / 1e6
                    for gap in take.gaps
                    if gap.track in tracks and gap.reason == "recorder_restarted"
                ]
                outcome.add(f"recorder killed: {source}", line(lost), seconds=lost)
            lost = []
            for number in range(max(2, kills // 3)):
                (Path(name) / str(number)).mkdir()
                lost += await killed_node(cloud, Path(name) / str(number))
            outcome.add("node killed", line(lost), seconds=lost)


def main() -> None:
    options = report.options(__doc__)
    outcome = report.Report("Loss of a recording")
    asyncio.run(measure(outcome, 30 if options.long else 6))
    outcome.write(options.json)


if __name__ == "__main__":
    main()
