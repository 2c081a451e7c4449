"""An independent client publishes over WHIP and plays over WHEP, through a real node on real UDP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiortc.rate import RemoteBitrateEstimator

from tests.support.media_node_process import NodeProcess
from tests.support.webrtc_client import (
    ColourTrack,
    HttpClient,
    ToneTrack,
    mean_colour,
    play,
    publish,
    tone_share,
)

TEAL = (20, 140, 120)


@pytest.fixture
async def publisher(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str
) -> AsyncIterator[HttpClient]:
    client = await publish(http, node.url, node.issuer.token(meeting), [ToneTrack(), ColourTrack(TEAL)])
    yield client
    await client.connection.close()


@pytest.fixture
async def player(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, publisher: HttpClient
) -> AsyncIterator[HttpClient]:
    client = await play(http, node.url, node.issuer.token(meeting), ["audio", "video"])
    yield client
    await client.connection.close()


async def test_a_player_decodes_the_publishers_very_sound_and_picture(player: HttpClient):
    async with asyncio.timeout(20):
        colour = await mean_colour(player.track("video"))
        assert colour == pytest.approx(TEAL, abs=12)
        assert await tone_share(player.track("audio")) > 0.9


async def test_a_player_that_estimates_is_told_when_packets_left(
    http: aiohttp.ClientSession,
    node: NodeProcess,
    meeting: str,
    publisher: HttpClient,
    monkeypatch: pytest.MonkeyPatch,
):
    told = asyncio.Queue[tuple[int, int]]()
    add = RemoteBitrateEstimator.add

    def add_and_tell(
        self: RemoteBitrateEstimator,
        arrival_time_ms: int,
        abs_send_time: int,
        payload_size: int,
        ssrc: int,
    ) -> tuple[int, list[int]] | None:
        told.put_nowait((arrival_time_ms, abs_send_time))
        return add(self, arrival_time_ms, abs_send_time, payload_size, ssrc)

    monkeypatch.setattr(RemoteBitrateEstimator, "add", add_and_tell)
    player = await play(http, node.url, node.issuer.token(meeting), ["video"])
    try:
        async with asyncio.timeout(20):
            first_arrived, first_sent = await told.get()
            arrived, sent = first_arrived, first_sent
            while arrived < first_arrived + 1_000:
                arrived, sent = await told.get()
    finally:
        await player.connection.close()
    passed_ms = ((sent - first_sent) % (1 << 24)) * 1_000 / (1 << 18)
    assert passed_ms == pytest.approx(arrived - first_arrived, abs=300)


async def test_a_session_ends_with_delete_and_only_once(
    http: aiohttp.ClientSession, node: NodeProcess, publisher: HttpClient
):
    before = node.metrics()["parley_participants"]
    async with http.delete(publisher.location) as answer:
        assert answer.status == 200
    async with http.delete(publisher.location) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
    assert node.metrics()["parley_participants"] == before - 1


async def test_a_stranger_cannot_end_a_session_with_a_token_of_its_own(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, publisher: HttpClient
):
    headers = {"Authorization": f"Bearer {node.issuer.token(meeting)}"}
    async with http.delete(publisher.location, headers=headers) as answer:
        assert answer.status == 401


async def test_any_page_may_ask_what_the_endpoints_take(http: aiohttp.ClientSession, node: NodeProcess):
    async with http.options(f"{node.url}/whip") as answer:
        assert answer.status == 204
        assert answer.headers["Accept-Post"] == "application/sdp"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
