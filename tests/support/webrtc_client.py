"""An independent WebRTC client (aiortc): publishes a tone and a colour over WHIP, plays over WHEP."""

from __future__ import annotations

import array
import asyncio
import hashlib
import math
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction

import aiohttp
import av
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import (
    VIDEO_CLOCK_RATE,
    VIDEO_TIME_BASE,
    AudioStreamTrack,
    MediaStreamTrack,
    VideoStreamTrack,
)

from tests.support.encoded_media import TONE_HZ, share_of_tone
from tests.support.recorded_meeting import CAMERA_RATE, PACKET_SAMPLES, SAMPLE_RATE, counter_picture


class ToneTrack(AudioStreamTrack):
    """A loud sine wave: nothing a network or a codec could make up."""

    def __init__(self) -> None:
        super().__init__()
        self._sent = 0

    async def recv(self) -> av.AudioFrame:
        # The silence of the base class keeps the pace of real time; its samples are written over.
        frame = await super().recv()
        assert isinstance(frame, av.AudioFrame)
        step = 2 * math.pi * TONE_HZ / frame.sample_rate
        numbers = range(self._sent, self._sent + frame.samples)
        wave = array.array("h", (round(16_000 * math.sin(step * number)) for number in numbers))
        frame.planes[0].update(wave.tobytes())
        self._sent += frame.samples
        return frame


class ColourTrack(VideoStreamTrack):
    """One colour all over, RGB."""

    def __init__(self, colour: tuple[int, int, int], width: int = 320, height: int = 240) -> None:
        super().__init__()
        self._picture = av.VideoFrame(width, height, "rgb24")
        plane = self._picture.planes[0]
        plane.update(bytes(colour) * (plane.buffer_size // 3))

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = self._picture.reformat(format="yuv420p")
        frame.pts, frame.time_base = pts, time_base
        return frame


class CounterTrack(VideoStreamTrack):
    """Pictures that carry how many frames of CAMERA_RATE have passed since a moment, and have that time.

    A camera's picture has the time at which it was taken, whenever there was time to send it: a busy machine
    leaves some out.
    """

    def __init__(self, began: float, width: int = 640, height: int = 360) -> None:
        super().__init__()
        self.began = began
        self._size = width, height
        # The counter of each picture that was handed over.
        self.sent: list[int] = []

    @property
    def counter(self) -> int:
        """What a picture that is taken now carries."""
        return int((time.monotonic() - self.began) * CAMERA_RATE)

    async def recv(self) -> av.VideoFrame:
        following = self.sent[-1] + 1 if self.sent else 0
        await asyncio.sleep(self.began + following / CAMERA_RATE - time.monotonic())
        counter = max(self.counter, following)
        frame = counter_picture(counter, *self._size)
        frame.pts, frame.time_base = counter * VIDEO_CLOCK_RATE // CAMERA_RATE, VIDEO_TIME_BASE
        self.sent.append(counter)
        return frame


class NoiseTrack(AudioStreamTrack):
    """Noise, encoded here, so that each packet is known again by its bytes: none is like another."""

    def __init__(self) -> None:
        super().__init__()
        self._encoder = av.CodecContext.create("libopus", "w")
        self._encoder.sample_rate, self._encoder.layout, self._encoder.format = SAMPLE_RATE, "mono", "flt"
        self._random = np.random.default_rng()
        # The digest of each packet that was handed over.
        self.sent: list[str] = []

    async def recv(self) -> av.Packet:  # type: ignore[override]
        # The silence of the base class keeps the pace of real time.
        await super().recv()
        pts = len(self.sent) * PACKET_SAMPLES
        noise = self._random.normal(0, 0.1, (1, PACKET_SAMPLES)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise, "flt", "mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, pts
        (packet,) = self._encoder.encode(frame)
        packet.pts, packet.time_base = pts, Fraction(1, SAMPLE_RATE)
        self.sent.append(packet_digest(bytes(packet)))
        return packet


def packet_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


@dataclass
class HttpClient:
    """One WHIP or WHEP session."""

    connection: RTCPeerConnection
    location: str
    tracks: list[MediaStreamTrack] = field(default_factory=list)
    # Every state that the connection has had.
    states: list[str] = field(default_factory=list)

    def track(self, kind: str) -> MediaStreamTrack:
        return next(track for track in self.tracks if track.kind == kind)


# Where a client's sockets are made; without one, on this machine like everything else.
Place = AbstractContextManager[None]


async def publish(
    session: aiohttp.ClientSession,
    url: str,
    token: str,
    tracks: list[MediaStreamTrack],
    place: Place | None = None,
) -> HttpClient:
    """Send the tracks over WHIP; returns once connected."""
    connection = RTCPeerConnection()
    for track in tracks:
        connection.addTransceiver(track, direction="sendonly")
    return await _connect(session, (url, "whip"), token, connection, place)


async def play(
    session: aiohttp.ClientSession,
    url: str,
    token: str,
    kinds: list[str],
    place: Place | None = None,
) -> HttpClient:
    """Receive over WHEP, one slot per kind; returns once connected."""
    connection = RTCPeerConnection()
    for kind in kinds:
        connection.addTransceiver(kind, direction="recvonly")
    return await _connect(session, (url, "whep"), token, connection, place)


async def _connect(
    session: aiohttp.ClientSession,
    endpoint: tuple[str, str],
    token: str,
    connection: RTCPeerConnection,
    place: Place | None,
) -> HttpClient:
    connected = asyncio.Event()
    states: list[str] = []

    @connection.on("connectionstatechange")
    def handle_state() -> None:
        states.append(connection.connectionState)
        if connection.connectionState == "connected":
            connected.set()

    with place or nullcontext():
        await connection.setLocalDescription(await connection.createOffer())
    url, name = endpoint
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    async with session.post(f"{url}/{name}", data=connection.localDescription.sdp, headers=headers) as answer:
        text = await answer.text()
        assert answer.status == 201, text
        location = url + answer.headers["Location"]
    await connection.setRemoteDescription(RTCSessionDescription(text, "answer"))
    async with asyncio.timeout(10):
        await connected.wait()
    received = [one.receiver.track for one in connection.getTransceivers() if one.direction == "recvonly"]
    return HttpClient(connection, location, received, states)


async def tone_share(track: MediaStreamTrack, frames: int = 50) -> float:
    """The share of the sound's power that lies at the tone: 1 for the pure wave, near 0 for anything else."""
    # What comes first may be concealment, so that the first half is let go.
    for _ in range(frames // 2):
        await track.recv()
    samples: list[int] = []
    for _ in range(frames // 2):
        frame = await track.recv()
        assert isinstance(frame, av.AudioFrame)
        # Packed stereo: the left channel will do.
        samples += array.array("h", bytes(frame.planes[0]))[: frame.samples * 2 : 2]
    return share_of_tone(samples)


async def mean_colour(track: MediaStreamTrack) -> tuple[float, ...]:
    """The average colour of the next picture, RGB."""
    frame = await track.recv()
    assert isinstance(frame, av.VideoFrame)
    plane = frame.reformat(format="rgb24").planes[0]
    pixels = bytes(plane)[: frame.width * 3]
    return tuple(sum(pixels[part::3]) / frame.width for part in range(3))
