"""Two real nodes record one meeting: the second receives it from the first as a recorder, and outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.recorder_pair import Pair, recorder_pair
from tests.support.recordings import (
    Cloud,
    decode,
    recorder_pids,
    running_cloud,
    start_recording,
)
from tests.support.webrtc_client import ColourTrack, HttpClient, ToneTrack, publish

TEAL = (20, 140, 120)


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    async with running_cloud(tmp_path) as running:
        yield running


@pytest.fixture
async def pair(cloud: Cloud, tmp_path: Path, meeting: str) -> AsyncIterator[Pair]:
    async with recorder_pair(cloud, tmp_path, meeting) as both:
        yield both


@pytest.fixture
async def publisher(http: aiohttp.ClientSession, pair: Pair) -> AsyncIterator[HttpClient]:
    token = pair.first.issuer.token(pair.meeting)
    client = await publish(http, pair.first.url, token, [ToneTrack(), ColourTrack(TEAL)])
    yield client
    await client.connection.close()


def has_segments(count: int) -> Callable[[dict[str, Any]], bool]:
    return lambda one: one["segments"] >= count


async def test_both_nodes_write_the_whole_meeting_each_under_its_own_prefix(
    pair: Pair, publisher: HttpClient, http: aiohttp.ClientSession
):
    await pair.start()
    backup = await pair.told("backup", has_segments(8))
    assert backup["prefix"].startswith(f"nodes/{pair.second.issuer.node}/{pair.recording}-")
    primary = await pair.told("primary", has_segments(8))
    assert (primary["state"], backup["state"]) == ("recording", "recording")
    # Nobody sees a recorder, and the node counts one person.
    listener = await http.ws_connect(pair.first.socket_url, protocols=["parley.v1"])
    await listener.send_json({"type": "join", "token": pair.first.issuer.token(pair.meeting)})
    roster = (await listener.receive_json())["roster"]["participants"]
    assert {one["role"] for one in roster} == {"participant"}
    report = await pair.cloud.report(lambda one: one["node"] == pair.first.issuer.node and one["meetings"])
    assert len(report["meetings"][0]["participants"]) == 2
    await listener.close()
    assert pair.second.metrics()["parley_recordings_backed_up"] == 1
    assert pair.first.metrics()["parley_recordings_without_backup"] == 0

    await pair.stop(pair.first)
    await pair.stop(pair.second)
    for role in ("primary", "backup"):
        told = await pair.told(role, lambda one: one["state"] == "stopped")
        take = await pair.take(told["prefix"])
        assert {page.role for page in take.pages} == {role}
        assert take.pages[-1].is_final
        for source in ("microphone", "camera"):
            entries = take.of(source)
            frames = [frame for entry in entries for frame in decode(take.data_by_key[entry.key])]
            seconds = (entries[-1].end_us - entries[0].start_us) / 1e6
            if source == "camera":
                assert len(frames) == pytest.approx(seconds * 30, rel=0.2)
                pixels = bytes(frames[-1].reformat(format="rgb24").planes[0])
                assert tuple(pixels[:3]) == pytest.approx(TEAL, abs=12)
            else:
                assert sum(frame.samples for frame in frames) / 48_000 == pytest.approx(seconds, rel=0.1)


async def test_the_meeting_is_told_within_seconds_that_its_backup_is_gone_and_that_it_is_back(
    pair: Pair, publisher: HttpClient, http: aiohttp.ClientSession
):
    listener = await http.ws_connect(pair.first.socket_url, protocols=["parley.v1"])
    await listener.send_json({"type": "join", "token": pair.first.issuer.token(pair.meeting)})
    notices: list[tuple[str, str | None]] = []

    async def notice(state: str, reason: str | None, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while (state, reason) not in notices:
                message = await listener.receive_json()
                if message["type"] == "recording":
                    notices.append((message["state"], message.get("reason")))
        notices.clear()

    queue = pair.queue_by_node[pair.first.issuer.node]
    await start_recording(pair.cloud, queue, pair.meeting, pair.recording, backup=True)
    await notice("degraded", "no_backup", 10)
    await pair.told("primary", lambda one: one["reason"] == "no_backup", 10)
    await pair.start_second(pair.queue_by_node[pair.second.issuer.node])
    await notice("recording", None, 30)
    await pair.told("backup", has_segments(2))
    pair.second.process.kill()
    await notice("degraded", "no_backup", 10)
    await listener.close()


async def test_a_backup_recorder_that_is_killed_goes_on_and_its_gap_is_written(
    pair: Pair, publisher: HttpClient
):
    await pair.start()
    await pair.told("backup", has_segments(4))
    (killed,) = recorder_pids(pair.second)
    os.kill(killed, signal.SIGKILL)
    await pair.told("backup", lambda one: one["reason"] == "recorder_restarted", 10)
    again = await pair.told("backup", lambda one: one["state"] == "recording")
    await pair.told("backup", has_segments(again["segments"] + 4))
    await pair.stop(pair.second)
    told = await pair.told("backup", lambda one: one["state"] == "stopped")
    take = await pair.take(told["prefix"])
    assert len({gap.track for gap in take.gaps if gap.reason == "recorder_restarted"}) == 2


async def test_a_backup_keeps_what_it_has_when_the_node_of_the_meeting_is_killed(
    pair: Pair, publisher: HttpClient
):
    await pair.start()
    await pair.told("backup", has_segments(6))
    pair.first.process.kill()
    gone = await pair.told("backup", lambda one: one["reason"] == "disconnected", 20)
    assert gone["state"] == "degraded"
    await pair.stop(pair.second)
    told = await pair.told("backup", lambda one: one["state"] == "stopped")
    take = await pair.take(told["prefix"])
    assert take.pages[-1].is_final
    assert len(take.of("camera")) >= 3
    assert len(take.of("microphone")) >= 3
