"""A third stack, without a line of the node's or of aiortc, publishes and plays through a real node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import pairwise

import aiohttp
import pytest
from aiortc.mediastreams import MediaStreamTrack

from tests.support.encoded_media import (
    SAMPLE_RATE,
    EncodedFrame,
    colour_of,
    decode_pictures,
    decode_sound,
    encode_pictures,
    encode_tone,
    share_of_tone,
)
from tests.support.media_node_process import NodeProcess
from tests.support.str0m_peer import Layer, Plan, ReceivedFrame, Str0mPeer, build_peer, str0m_peer
from tests.support.webrtc_client import ColourTrack, ToneTrack, mean_colour, play, publish, tone_share

# Building the client takes two minutes the first time.
pytestmark = pytest.mark.slow

TEAL, AMBER, PLUM = (20, 140, 120), (200, 140, 30), (120, 40, 120)
AUDIO, VIDEO = 0, 1
PICTURES, SOUNDS = 60, 150
FIRST_ESTIMATE_BPS = 3_000_000
Join = Callable[[Plan], AbstractAsyncContextManager[Str0mPeer]]


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    build_peer()


@pytest.fixture(scope="module")
def tone() -> list[EncodedFrame]:
    return encode_tone()


@pytest.fixture(scope="module")
def picture_layers() -> list[Layer]:
    """Three layers, told apart by their colours."""
    return [
        Layer(encode_pictures("vp8", TEAL, 160, 90, 100_000), "q"),
        Layer(encode_pictures("vp8", AMBER, 320, 180, 250_000), "h"),
        Layer(encode_pictures("vp8", PLUM, 640, 360, 600_000), "f"),
    ]


def in_order(received: Sequence[ReceivedFrame], published: Sequence[EncodedFrame]) -> bool:
    """Whether each is a published frame to the byte, and follows the one before or begins anew."""
    number_by_data = {_units(frame.data): number for number, frame in enumerate(published)}
    numbers = [number_by_data[_units(frame.data)] for frame in received]
    return all(after in (before + 1, 0) for before, after in pairwise(numbers))


def _units(data: bytes) -> bytes:
    """H.264 may begin its units with two zeros or with three."""
    return data.replace(b"\0\0\0\1", b"\0\0\1")


def of_layer(player: Str0mPeer, layer: Layer) -> list[ReceivedFrame]:
    published = {frame.data for frame in layer.frames}
    return [frame for frame in player.of_line(VIDEO) if frame.data in published]


@pytest.fixture
def join(http: aiohttp.ClientSession, node: NodeProcess, meeting: str) -> Join:
    return lambda plan: str0m_peer(http, node.url, node.issuer.token(meeting), plan)


async def test_str0m_plays_the_best_of_str0ms_three_layers_to_the_byte_and_in_order(
    join: Join, tone: list[EncodedFrame], picture_layers: list[Layer]
):
    sent = Plan(["opus", "vp8"], [("audio", [Layer(tone)]), ("video", picture_layers)])
    best = picture_layers[-1]
    async with join(sent), join(Plan(["opus", "vp8"], receives=["audio", "video"])) as player:
        await player.until(lambda one: len(of_layer(one, best)) >= PICTURES)
        assert all(frame.is_contiguous for frame in player.frames)
        assert in_order(of_layer(player, best), best.frames)
        assert in_order(player.of_line(AUDIO), tone)


async def test_str0m_is_told_all_that_a_sender_must_know(
    join: Join, tone: list[EncodedFrame], picture_layers: list[Layer]
):
    sent = Plan(["opus", "vp8"], [("audio", [Layer(tone)]), ("video", picture_layers)])
    received = Plan(["opus", "vp8"], receives=["audio", "video"])
    async with join(sent) as publisher, join(received):
        # More than it began with comes of transport-wide feedback; round trips come of receiver reports.
        await publisher.until(lambda one: (one.estimate_bps or 0) > FIRST_ESTIMATE_BPS)
        await publisher.until(lambda one: len(one.sent) == 4)
        await publisher.until(lambda one: all(counts["rttMs"] is not None for counts in one.sent.values()))
        await publisher.until(lambda one: {(VIDEO, rid) for rid in "qhf"} <= set(one.keyframe_requests))


async def test_str0m_hears_when_what_it_plays_was_sent(join: Join, tone: list[EncodedFrame]):
    async with (
        join(Plan(["opus"], [("audio", [Layer(tone)])])),
        join(Plan(["opus"], receives=["audio"])) as player,
    ):
        await player.until(lambda one: (AUDIO, None) in one.received)
        await player.until(lambda one: one.received[AUDIO, None]["isReported"])


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_the_node_asks_str0m_for_what_got_lost_on_the_way_in(join: Join, codec: str):
    layer = Layer(encode_pictures(codec, TEAL, 320, 180, 250_000))
    sent = Plan([codec], [("video", [layer])], lose_outgoing_every=10)
    async with join(sent) as publisher, join(Plan([codec], receives=["video"])) as player:
        await player.until(lambda one: len(one.frames) >= PICTURES)
        assert all(frame.is_contiguous for frame in player.frames)
        assert in_order(player.frames, layer.frames)
        await publisher.until(lambda one: one.sent and one.sent[0, None]["nacks"] > 0)


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_the_node_repeats_to_str0m_what_got_lost_on_the_way_out(join: Join, codec: str):
    layer = Layer(encode_pictures(codec, TEAL, 320, 180, 250_000))
    received = Plan([codec], receives=["video"], lose_incoming_every=10)
    async with join(Plan([codec], [("video", [layer])])), join(received) as player:
        await player.until(lambda one: len(one.frames) >= PICTURES)
        assert all(frame.is_contiguous for frame in player.frames)
        assert in_order(player.frames, layer.frames)
        await player.until(lambda one: one.received and one.received[0, None]["nacks"] > 0)


async def test_aiortc_decodes_what_str0m_publishes(
    http: aiohttp.ClientSession,
    node: NodeProcess,
    meeting: str,
    join: Join,
    tone: list[EncodedFrame],
):
    pictures = Layer(encode_pictures("vp8", TEAL, 320, 180, 250_000))
    async with join(Plan(["opus", "vp8"], [("audio", [Layer(tone)]), ("video", [pictures])])):
        player = await play(http, node.url, node.issuer.token(meeting), ["audio", "video"])
        async with asyncio.timeout(20):
            assert await mean_colour(player.track("video")) == pytest.approx(TEAL, abs=25)
            assert await tone_share(player.track("audio")) > 0.9
        await player.connection.close()


async def test_str0m_plays_what_aiortc_publishes(
    http: aiohttp.ClientSession, node: NodeProcess, meeting: str, join: Join
):
    tracks: list[MediaStreamTrack] = [ToneTrack(), ColourTrack(TEAL)]
    publisher = await publish(http, node.url, node.issuer.token(meeting), tracks)
    async with join(Plan(["opus", "vp8"], receives=["audio", "video"])) as player:
        await player.until(
            lambda one: len(one.of_line(AUDIO)) >= SOUNDS and len(one.of_line(VIDEO)) >= PICTURES
        )
        pictures = decode_pictures("vp8", [frame.data for frame in player.of_line(VIDEO)])
        assert colour_of(pictures[-1]) == pytest.approx(TEAL, abs=12)
        samples = decode_sound([frame.data for frame in player.of_line(AUDIO)])
        assert share_of_tone(samples[-SAMPLE_RATE // 2 :]) > 0.9
    await publisher.connection.close()
