"""A real node records a real publisher into a stand-in of S3: what is there, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from media_node.quantities import new_identifier
from media_node.recording.verification import verify_chain, verify_segment
from tests.support.media_node_process import NodeProcess
from tests.support.recordings import (
    Cloud,
    command,
    decode,
    read_take,
    recorder_pids,
    recording_node,
    running_cloud,
    start_recording,
    wait_gone,
)
from tests.support.webrtc_client import ColourTrack, HttpClient, ToneTrack, publish

TEAL = (20, 140, 120)


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    async with running_cloud(tmp_path) as running:
        yield running


@pytest.fixture
def recorder_node(cloud: Cloud, tmp_path: Path) -> Iterator[NodeProcess]:
    with recording_node(cloud, tmp_path) as node:
        yield node


@pytest.fixture
async def publisher(
    http: aiohttp.ClientSession, recorder_node: NodeProcess, meeting: str
) -> AsyncIterator[HttpClient]:
    token = recorder_node.issuer.token(meeting)
    client = await publish(http, recorder_node.url, token, [ToneTrack(), ColourTrack(TEAL)])
    yield client
    await client.connection.close()


@pytest.fixture
async def queue(cloud: Cloud, publisher: HttpClient) -> str:
    report = await cloud.report(lambda one: one["meetings"] and one["commandQueueUrl"])
    return str(report["commandQueueUrl"])


@pytest.fixture
def recording() -> str:
    return new_identifier("rec_")


def has_segments(count: int) -> Any:
    return lambda one: one["segments"] >= count


async def stopped(cloud: Cloud, queue: str, meeting: str, recording: str) -> dict[str, Any]:
    await command(cloud, queue, "stopRecording", meeting, recording)
    return await cloud.recording(lambda one: one["state"] == "stopped")


async def written(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, *messages: dict[str, str]
) -> None:
    """Somebody comes, writes, sees it written and goes."""
    async with (
        asyncio.timeout(30),
        http.ws_connect(node.socket_url, protocols=["parley.v1"]) as connection,
    ):
        await connection.send_json({"type": "join", "token": node.issuer.token(meeting)})
        for message in messages:
            await connection.send_json({"type": "message", **message})
        seen = 0
        while seen < len(messages):
            told = await connection.receive_json()
            assert told["type"] != "error", told
            seen += told["type"] == "message"


async def test_what_is_written_to_everybody_is_recorded_but_not_in_a_pause(
    cloud: Cloud,
    queue: str,
    http: aiohttp.ClientSession,
    recorder_node: NodeProcess,
    meeting: str,
    recording: str,
):
    await written(http, recorder_node, meeting, {"text": "before"})
    await start_recording(cloud, queue, meeting, recording)
    await cloud.recording(has_segments(1), 60)
    await written(http, recorder_node, meeting, {"text": "for all 👋"}, {"text": "and again"})
    await command(cloud, queue, "pauseRecording", meeting, recording)
    await cloud.recording(lambda one: one["state"] == "paused", 30)
    await written(http, recorder_node, meeting, {"text": "in the pause"})
    told = await stopped(cloud, queue, meeting, recording)
    take = await asyncio.to_thread(read_take, cloud.s3, told["prefix"])
    assert [one.text for page in take.pages for one in page.messages] == ["for all 👋", "and again"]
    assert verify_chain(take.pages, take.entries) == []


async def test_sound_and_picture_are_whole_segments_with_a_whole_manifest(
    cloud: Cloud, queue: str, meeting: str, recording: str
):
    await start_recording(cloud, queue, meeting, recording)
    await start_recording(cloud, queue, meeting, recording)
    await cloud.recording(has_segments(8), 60)
    told = await stopped(cloud, queue, meeting, recording)
    take = await asyncio.to_thread(read_take, cloud.s3, told["prefix"])
    assert verify_chain(take.pages, take.entries) == []
    assert take.pages[-1].is_final
    assert told["segments"] == len(take.entries)
    assert {entry.codec for entry in take.of("microphone")} == {"opus"}
    for entry in take.entries:
        assert verify_segment(entry, take.data_by_key[entry.key]) is None
    for source in ("microphone", "camera"):
        segments = take.of(source)
        assert len(segments) >= 4
        decoded = [frame for entry in segments for frame in decode(take.data_by_key[entry.key])]
        seconds = (segments[-1].end_us - segments[0].start_us) / 1e6
        if source == "camera":
            assert (segments[0].width, segments[0].height) == (320, 240)
            assert len(decoded) == pytest.approx(seconds * 30, rel=0.2)
            pixels = bytes(decoded[-1].reformat(format="rgb24").planes[0])
            assert tuple(pixels[:3]) == pytest.approx(TEAL, abs=12)
        else:
            assert sum(frame.samples for frame in decoded) / 48_000 == pytest.approx(seconds, rel=0.1)
        assert all(entry.end_us - entry.start_us < 4_000_000 for entry in segments)


async def test_a_recorder_that_is_killed_costs_its_open_segments_and_the_gap_is_written(
    cloud: Cloud, queue: str, meeting: str, recording: str, recorder_node: NodeProcess
):
    await start_recording(cloud, queue, meeting, recording)
    await cloud.recording(has_segments(4), 60)
    (killed,) = recorder_pids(recorder_node)
    os.kill(killed, signal.SIGKILL)
    degraded = await cloud.recording(lambda one: one["state"] == "degraded", 10)
    assert degraded["reason"] == "recorder_restarted"
    again = await cloud.recording(lambda one: one["state"] == "recording", 30)
    await cloud.recording(has_segments(again["segments"] + 4), 60)
    told = await stopped(cloud, queue, meeting, recording)
    take = await asyncio.to_thread(read_take, cloud.s3, told["prefix"])
    assert verify_chain(take.pages, take.entries) == []
    gaps = [gap for gap in take.gaps if gap.reason == "recorder_restarted"]
    assert len({gap.track for gap in gaps}) == 2
    for gap in gaps:
        # What is told is what is missing: how long a process takes to be there again is for benchmarks.
        entries = [entry for entry in take.entries if entry.track == gap.track]
        assert gap.start_us in [entry.end_us for entry in entries]
        assert gap.end_us == min(entry.start_us for entry in entries if entry.start_us >= gap.start_us)
    assert recorder_node.metrics()["parley_recorders_restarted_total"] == 1


async def test_people_are_told_and_pauses_hold_nothing(
    cloud: Cloud,
    queue: str,
    http: aiohttp.ClientSession,
    meeting: str,
    recording: str,
    recorder_node: NodeProcess,
):
    listener = await http.ws_connect(recorder_node.socket_url, protocols=["parley.v1"])
    await listener.send_json({"type": "join", "token": recorder_node.issuer.token(meeting)})

    async def next_of(kind: str) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                message: dict[str, Any] = await listener.receive_json()
                if message["type"] == kind:
                    return message

    assert (await next_of("joined"))["recording"] is None
    await start_recording(cloud, queue, meeting, recording)
    begun = await next_of("recording")
    assert (begun["recordingId"], begun["state"]) == (recording, "recording")
    late = await http.ws_connect(recorder_node.socket_url, protocols=["parley.v1"])
    await late.send_json({"type": "join", "token": recorder_node.issuer.token(meeting)})
    assert (await late.receive_json())["recording"]["recordingId"] == recording
    await cloud.recording(has_segments(2), 60)
    await command(cloud, queue, "pauseRecording", meeting, recording)
    assert (await next_of("recording"))["state"] == "paused"
    paused = await cloud.recording(lambda one: one["state"] == "paused")
    await cloud.report(lambda one: True)
    await command(cloud, queue, "resumeRecording", meeting, recording)
    assert (await next_of("recording"))["state"] == "recording"
    await cloud.recording(has_segments(paused["segments"] + 4), 60)
    told = await stopped(cloud, queue, meeting, recording)
    assert (await next_of("recording"))["state"] == "stopped"
    take = await asyncio.to_thread(read_take, cloud.s3, told["prefix"])
    assert {gap.reason for gap in take.gaps} == {"paused"}
    assert verify_chain(take.pages, take.entries) == []
    await late.close()
    await listener.close()


async def test_a_bucket_that_refuses_gives_way_to_the_backup_and_comes_back(
    cloud: Cloud, queue: str, meeting: str, recording: str
):
    bucket = "late-bucket"
    await start_recording(
        cloud, queue, meeting, recording, bucket=bucket, backupBucket="parley-recordings-backup"
    )
    degraded = await cloud.recording(lambda one: one["reason"] == "backup_bucket", 60)
    assert degraded["state"] == "degraded"
    await cloud.recording(has_segments(2), 60)
    await asyncio.to_thread(cloud.s3.create_bucket, Bucket=bucket)
    await cloud.recording(lambda one: one["state"] == "recording" and one["segments"] > 2, 60)
    told = await stopped(cloud, queue, meeting, recording)
    take = await asyncio.to_thread(read_take, cloud.s3, told["prefix"], bucket)
    assert verify_chain(take.pages, take.entries) == []
    states = [(one.state, one.reason) for page in take.pages for one in page.health]
    assert ("degraded", "backup_bucket") in states
    assert states[-1] == ("stopped", None)


async def test_a_node_that_is_killed_loses_nothing_that_had_reached_its_recorder(
    cloud: Cloud, queue: str, meeting: str, recording: str, recorder_node: NodeProcess
):
    await start_recording(cloud, queue, meeting, recording)
    told = await cloud.recording(has_segments(4), 60)
    (recorder,) = recorder_pids(recorder_node)
    recorder_node.process.kill()
    await asyncio.to_thread(recorder_node.process.wait)
    await asyncio.to_thread(wait_gone, recorder)
    take = await asyncio.to_thread(read_take, cloud.s3, told["prefix"])
    assert verify_chain(take.pages, take.entries) == []
    assert take.pages[-1].is_final
