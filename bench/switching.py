"""How soon does a slot show what it was told to, and how soon is a sender told of a layer somebody receives?

Real clients on a real node, over UDP on loopback: DTLS, SRTP, cameras of three sizes that answer requests for
keyframes at once, with no encoder of any kind. Meetings run side by side, each of two people whose cameras
are watched by a third.

- A slot is told to show the other camera: from `assign` to the first packet of it.
- A slot that shows the smallest size may show any: from `assign` to `layers` at the sender, and to the first
  packet of the largest size, which its sender begins when it is told.

Usage: .venv/bin/python bench/switching.py [--times 120] [--meetings 4]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import secrets
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Coroutine
from itertools import chain
from pathlib import Path
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness.report import machine
from media_node.quantities import new_identifier
from tests.support.media_node_process import NodeProcess, running_node
from tests.support.srtp_peer import MID_EXTENSION, RtpPacket, parse_rtcp, parse_rtp, rtp, vp8_payload
from tests.support.udp_client import VP8, UdpClient

RIDS = ("q", "h", "f")
SHAPES = ((320, 180), (640, 360), (1_280, 720))
LENGTHS = (200, 500, 1_100)
RID_EXTENSION = 4
RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
PICTURE_SECONDS = 1 / 30
# Consent; a node waits for thirty seconds.
CHECK_SECONDS = 5.0
PATIENCE_SECONDS = 10.0
# Descriptor, the first byte of a frame and the rest of a keyframe's header.
WORDS_AT = 14
PAYLOAD_FEEDBACK, PLI = 206, 1


class Person(UdpClient):
    """Has a camera of three sizes and a slot; notes when what came in it."""

    def __init__(self, node: NodeProcess, number: int) -> None:
        super().__init__(node)
        self.number = number
        self.heard: dict[str, dict[str, Any]] = {}
        self.wanted = set(RIDS)
        self._ssrcs = [secrets.randbits(30) << 1 | 2 for _ in RIDS]
        self._numbers = [0] * len(RIDS)
        self._keyframes = set(RIDS)
        self._pictures = 0
        self._awaited: dict[object, asyncio.Future[float]] = {}

    def new_offer(self) -> str:
        lines = [
            f"a=extmap:{RID_EXTENSION} {RID_URI}",
            *(f"a=rid:{rid} send" for rid in RIDS),
            f"a=simulcast:send {';'.join(RIDS)}",
        ]
        feedback = f"a=rtpmap:{VP8} VP8/90000\r\na=rtcp-fb:{VP8} nack pli"
        before, camera, slot = (
            super().new_offer().replace(f"a=rtpmap:{VP8} VP8/90000", feedback).split("m=video")
        )
        return "m=video".join([before, camera + "\r\n".join(lines) + "\r\n", slot])

    async def _hear(self, kind: str) -> dict[str, Any]:
        self.heard[kind] = await super()._hear(kind)
        return self.heard[kind]

    def tracks(self) -> dict[str, str]:
        """Cameras of the roster by participant."""
        people = self.heard["joined"]["roster"]["participants"]
        return {one["id"]: track["id"] for one in people for track in one["tracks"]}

    @property
    def participant(self) -> str:
        return str(self.heard["joined"]["participant"]["id"])

    async def live(self) -> None:
        """Send pictures, and take what comes, for as long as it is let."""
        parts: list[Coroutine[Any, Any, None]] = [
            self._film(),
            self._receive_all(),
            self._listen(),
            self._consent(),
        ]
        await asyncio.gather(*parts)

    def next_time(self, of: object) -> asyncio.Future[float]:
        """When something happens the next time: a message of a type, or a picture of (person, size)."""
        return self._awaited.setdefault(of, asyncio.get_running_loop().create_future())

    def _note(self, of: object) -> None:
        awaited = self._awaited.pop(of, None)
        if awaited is not None and not awaited.done():
            awaited.set_result(time.monotonic())

    async def assign(self, track: str | None, max_height: int | None = None) -> float:
        """Returns when it was sent."""
        limit = {} if max_height is None else {"maxHeight": max_height}
        at = time.monotonic()
        await self._say({"type": "assign", "slot": "slot", "track": track, **limit})
        return at

    # What its parts do.

    async def _film(self) -> None:
        while True:
            self._pictures = self._pictures + 1 & 0x7FFF
            for size, rid in enumerate(RIDS):
                if rid in self.wanted:
                    await self._send_size(size, keyframe=rid in self._keyframes)
            await asyncio.sleep(PICTURE_SECONDS)

    async def _send_size(self, size: int, *, keyframe: bool) -> None:
        rid = RIDS[size]
        if keyframe:
            self._keyframes.discard(rid)
        words = b"\0\0\x9d\x01\x2a" + struct.pack("<HH", *SHAPES[size]) + bytes([self.number, size])
        packet = RtpPacket(
            payload_type=VP8,
            marker=True,
            sequence_number=self._numbers[size],
            rtp_timestamp=round(time.monotonic() * 90_000),
            ssrc=self._ssrcs[size],
            extensions={MID_EXTENSION: b"camera", RID_EXTENSION: rid.encode()},
            payload=vp8_payload(self._pictures, keyframe=keyframe, content=words.ljust(LENGTHS[size], b"\0")),
        )
        self._numbers[size] += 1
        await asyncio.get_running_loop().sock_sendall(self.socket, self._outbound.protect(rtp(packet)))

    async def _receive_all(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            datagram = await loop.sock_recv(self.socket, 2_000)
            if 192 <= datagram[1] <= 223 and datagram[0] >= 128:
                await self._answer_requests(self._inbound.unprotect_rtcp(datagram))
            elif datagram[0] >= 128:
                payload = parse_rtp(self._inbound.unprotect(datagram)).payload
                if len(payload) > WORDS_AT + 1:
                    self._note((payload[WORDS_AT], payload[WORDS_AT + 1]))
                    self._note(payload[WORDS_AT])

    async def _answer_requests(self, compound: bytes) -> None:
        for packet in parse_rtcp(compound):
            if (packet.packet_type, packet.subtype) == (PAYLOAD_FEEDBACK, PLI):
                (ssrc,) = struct.unpack_from("!I", packet.body, 4)
                size = self._ssrcs.index(ssrc)
                if RIDS[size] in self.wanted:
                    await self._send_size(size, keyframe=True)

    async def _listen(self) -> None:
        async for message in self.signaling:
            told = message.json()
            if told["type"] == "layers":
                wanted = set(told["wanted"] if isinstance(told["wanted"], list) else RIDS * told["wanted"])
                begins = wanted - self.wanted
                self.wanted = wanted
                self._note(("layers", frozenset(wanted)))
                # An encoder that starts makes all others of its camera begin anew.
                self._keyframes |= wanted if begins else set()
                for rid in begins:
                    await self._send_size(RIDS.index(rid), keyframe=True)

    async def _consent(self) -> None:
        while True:
            await self.check(self.socket, self.credentials, secrets.token_bytes(12))
            await asyncio.sleep(CHECK_SECONDS)


async def shown_after(viewer: Person, track: str, of: int) -> float:
    """Seconds from `assign` to the first packet of somebody else's camera."""
    seen = viewer.next_time(of)
    sent = await viewer.assign(track)
    return await asyncio.wait_for(seen, PATIENCE_SECONDS) - sent


async def measure_meeting(
    node: NodeProcess, http: aiohttp.ClientSession, times: int
) -> tuple[list[float], ...]:
    """Seconds: a slot's other camera, `layers` at the sender, the largest size at the viewer."""
    meeting = new_identifier("mtg_")
    people = [Person(node, number) for number in (1, 2, 3)]
    for one in people:
        await one.join(http, node.issuer.token(meeting))
    viewer = people[2]
    tracks = [viewer.tracks()[one.participant] for one in people[:2]]
    lives = [asyncio.ensure_future(one.live()) for one in people]
    try:
        for one in people[:2]:
            await one.assign(None)
        cameras: list[float] = []
        await shown_after(viewer, tracks[0], people[0].number)
        for turn in range(1, times + 1):
            # A sender is asked twice a second at most; out of step with its pictures.
            await asyncio.sleep(0.3 + random.random() * PICTURE_SECONDS)
            cameras.append(await shown_after(viewer, tracks[turn % 2], people[turn % 2].number))
        told, seen = await measure_layers(viewer, people[0], tracks[0], times)
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
        for one in people:
            await one.signaling.close()
            one.close()
    return cameras, told, seen


async def measure_layers(
    viewer: Person, sender: Person, track: str, times: int
) -> tuple[list[float], list[float]]:
    told, seen = [], []
    for _ in range(times):
        smallest = sender.next_time(("layers", frozenset({"q"})))
        await viewer.assign(track, max_height=180)
        await asyncio.wait_for(smallest, PATIENCE_SECONDS)
        await asyncio.sleep(0.2 + random.random() * PICTURE_SECONDS)
        news, picture = (
            sender.next_time(("layers", frozenset({"q", "f"}))),
            viewer.next_time((sender.number, 2)),
        )
        at = await viewer.assign(track)
        told.append(await asyncio.wait_for(news, PATIENCE_SECONDS) - at)
        seen.append(await asyncio.wait_for(picture, PATIENCE_SECONDS) - at)
    return told, seen


def line(title: str, seconds: list[float]) -> str:
    ms = sorted(1000 * one for one in seconds)
    late = ms[min(len(ms) - 1, round(0.95 * len(ms)))]
    return (
        f"  {title:52} p50 {statistics.median(ms):6.1f}  p95 {late:6.1f}  max {ms[-1]:6.1f} ms  ({len(ms)})"
    )


async def measure(times: int, meetings: int) -> None:
    with tempfile.TemporaryDirectory() as folder, running_node(Path(folder)) as node:
        async with aiohttp.ClientSession() as http:
            each = -(-times // meetings)
            found = await asyncio.gather(*(measure_meeting(node, http, each) for _ in range(meetings)))
    cameras, told, seen = (list(chain.from_iterable(parts)) for parts in zip(*found, strict=True))
    print(f"{meetings} meetings side by side; {machine()}")
    print(line("assign to the first packet of the other camera", cameras))
    print(line("assign to `layers` at the sender", told))
    print(line("assign to the first packet of the largest size", seen))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=120, help="of each kind")
    parser.add_argument("--meetings", type=int, default=4)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(measure(options.times, options.meetings))


if __name__ == "__main__":
    main()
