"""The client on str0m (tests/peers/str0m) as a process: built here, and told what to publish and to play."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.encoded_media import EncodedFrame

FOLDER = Path(__file__).resolve().parent.parent / "peers/str0m"
PROGRAM = FOLDER / "target/debug/str0m-peer"
# A frame is one line, and a keyframe fills tens of kilobytes.
LONGEST_LINE = 1 << 20


def build_peer() -> None:
    subprocess.run(["cargo", "build", "--quiet", "--locked"], cwd=FOLDER, check=True)


@dataclass(frozen=True)
class Layer:
    frames: Sequence[EncodedFrame]
    rid: str | None = None


@dataclass(frozen=True)
class Plan:
    """What the client does; `sends` has the layers of each m-line by its kind."""

    codecs: Sequence[str]
    sends: Sequence[tuple[str, Sequence[Layer]]] = ()
    receives: Sequence[str] = ()
    length_ms: int = 2_000
    lose_outgoing_every: int = 0
    lose_incoming_every: int = 0

    def to_json(self) -> str:
        sends = [{"kind": kind, "layers": [_layer(one) for one in layers]} for kind, layers in self.sends]
        return json.dumps(
            {
                "codecs": self.codecs,
                "sends": sends,
                "receives": self.receives,
                "lengthMs": self.length_ms,
                "loseOutgoingEvery": self.lose_outgoing_every,
                "loseIncomingEvery": self.lose_incoming_every,
            }
        )


def _layer(layer: Layer) -> dict[str, Any]:
    frames = [{"atMs": frame.at_ms, "data": base64.b64encode(frame.data).decode()} for frame in layer.frames]
    return {"rid": layer.rid, "frames": frames}


@dataclass(frozen=True)
class ReceivedFrame:
    line: int
    codec: str
    is_keyframe: bool
    is_contiguous: bool
    rtp_seconds: float
    data: bytes


@dataclass
class Str0mPeer:
    """A connected client; what it has said so far."""

    process: asyncio.subprocess.Process
    location: str = ""
    offer: str = ""
    is_connected: bool = False
    frames: list[ReceivedFrame] = field(default_factory=list)
    keyframe_requests: list[tuple[int, str | None]] = field(default_factory=list)
    estimate_bps: int | None = None
    # By m-line and RID.
    sent: dict[tuple[int, str | None], dict[str, Any]] = field(default_factory=dict)
    received: dict[tuple[int, str | None], dict[str, Any]] = field(default_factory=dict)

    def of_line(self, line: int) -> list[ReceivedFrame]:
        return [frame for frame in self.frames if frame.line == line]

    async def until(self, is_there: Callable[[Str0mPeer], object], seconds: float = 30) -> None:
        """Listen until what it has said is enough."""
        try:
            async with asyncio.timeout(seconds):
                while not is_there(self):
                    await self._listen()
        except TimeoutError:
            raise AssertionError(f"not within {seconds} s; said: {self._summary()}") from None

    def say(self, message: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{message}\n".encode())

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, f"the client ended; it had said: {self._summary()}"
        self._note(json.loads(line))

    def _note(self, said: Any) -> None:
        # What has no content is its name alone.
        content: dict[str, Any] = said if isinstance(said, dict) else {said: None}
        name, value = next(iter(content.items()))
        match name:
            case "offer":
                self.offer = value
            case "connected":
                self.is_connected = True
            case "frame":
                self.frames.append(_frame(value))
            case "keyframeRequested":
                self.keyframe_requests.append((value["line"], value["rid"]))
            case "estimate":
                self.estimate_bps = value["bps"]
            case "sent":
                self.sent[value["line"], value["rid"]] = value
            case "received":
                self.received[value["line"], value["rid"]] = value
            case _:
                raise AssertionError(f"the client says: {said}")

    def _summary(self) -> dict[str, Any]:
        return {
            "connected": self.is_connected,
            "frames": len(self.frames),
            "keyframe requests": self.keyframe_requests,
            "estimate": self.estimate_bps,
            "sent": self.sent,
            "received": self.received,
        }


def _frame(value: dict[str, Any]) -> ReceivedFrame:
    return ReceivedFrame(
        value["line"],
        value["codec"],
        value["isKeyframe"],
        value["isContiguous"],
        value["rtpSeconds"],
        base64.b64decode(value["data"]),
    )


@asynccontextmanager
async def str0m_peer(
    http: aiohttp.ClientSession, url: str, token: str, plan: Plan
) -> AsyncIterator[Str0mPeer]:
    """A client over WHIP where the plan sends, else over WHEP; connected, and ended with the context."""
    endpoint = "whip" if plan.sends else "whep"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(PROGRAM, stdin=pipe, stdout=pipe, limit=LONGEST_LINE)
    peer = Str0mPeer(process)
    try:
        peer.say(plan.to_json())
        await peer.until(lambda one: one.offer)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        async with http.post(f"{url}/{endpoint}", data=peer.offer, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == 201, text
            peer.location = url + answer.headers["Location"]
        peer.say(json.dumps({"answer": text}))
        await peer.until(lambda one: one.is_connected)
        yield peer
    finally:
        process.kill()
        await process.wait()
