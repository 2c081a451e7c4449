"""How soon does a recording begin after somebody asked for it, and how soon is everybody told?

Starts a Parley of its own, puts a host into a meeting who sends a tone and a picture by WHIP, and somebody
who listens on the signaling; then starts and stops recordings, one after the other. Each start is timed, from
the request on, until its answer, until the node's first `recording` message is there, and until the first
packet that the recorder wrote (the begin of its first segment, by the node's clock, which is this machine's).

Usage: .venv/bin/python bench/recording_start.py [--starts 20]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.local_run import start, stop  # noqa: E402 - found only after the line above
from localcloud.ports import Ports  # noqa: E402
from tests.support.webrtc_client import ColourTrack, ToneTrack, publish  # noqa: E402

PATIENCE_SECONDS = 60
# Some segments.
RECORDED_SECONDS = 3


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        _, process = start(data, Ports(data / "bench-ports.json").port("api"))
        try:
            run = json.loads((data / "run.json").read_text())
            asyncio.run(measure(run, options.starts))
        finally:
            stop(process)
    return 0


async def measure(run: dict[str, Any], starts: int) -> None:
    key = aiohttp.encode_basic_auth(run["apiKey"]["id"], run["apiKey"]["secret"])
    headers = {"Authorization": key}
    async with aiohttp.ClientSession() as session, aiohttp.ClientSession(headers=headers) as api:

        async def call(method: str, path: str, **body: Any) -> Any:
            async with api.request(method, f"{run['apiUrl']}{path}", json=body or None) as answer:
                answer.raise_for_status()
                return await answer.json()

        meeting = await call("POST", "/meetings", title="Measured", recording="allowed")
        path = f"/meetings/{meeting['id']}"
        sender = await call("POST", f"{path}/join", displayName="Ann", role="host")
        tracks = [ToneTrack(), ColourTrack((20, 140, 120), 320, 180)]
        publisher = await publish(session, sender["node"]["url"], sender["token"], tracks)
        listener = await call("POST", f"{path}/join", displayName="Bob")
        url = listener["node"]["url"].replace("http", "ws", 1) + "/signal"
        async with session.ws_connect(url, protocols=["parley.v1"]) as told:
            await told.send_json({"type": "join", "token": listener["token"]})
            answers, notices, packets = [], [], []
            for _ in range(starts):
                answered, notice, packet = await one_start(call, path, told)
                answers.append(answered)
                notices.append(notice)
                packets.append(packet)
        await publisher.connection.close()
    load = os.getloadavg()[0]
    print(f"{starts} starts, load average {load:.1f}")
    for what, seconds in (("answer", answers), ("people told", notices), ("first packet", packets)):
        p50, p99 = statistics.median(seconds) * 1000, tail(seconds) * 1000
        print(f"{what:14} p50 {p50:6.0f} ms   p99 {p99:6.0f} ms")


async def one_start(
    call: Any, path: str, told: aiohttp.ClientWebSocketResponse
) -> tuple[float, float, float]:
    """Seconds from the request to its answer, to the notice, and to the begin of the first segment."""
    asked, wallclock = time.monotonic(), time.time()
    recording = await call("POST", f"{path}/recordings", layout="grid")
    answered = time.monotonic() - asked
    await notice_of(told, "recording")
    noticed = time.monotonic() - asked
    await asyncio.sleep(RECORDED_SECONDS)
    await call("POST", f"/recordings/{recording['id']}/stop")
    await notice_of(told, "stopped")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if (await call("GET", f"/recordings/{recording['id']}"))["state"] != "stopping":
                break
            await asyncio.sleep(0.1)
    first = await first_segment(call, f"/recordings/{recording['id']}")
    return answered, noticed, first - wallclock


async def notice_of(told: aiohttp.ClientWebSocketResponse, state: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            message = await told.receive_json()
            if message["type"] == "recording" and message["state"] == state:
                return


async def first_segment(call: Any, path: str) -> float:
    """When the first packet came that is kept, in seconds since 1970."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            pages = (await call("GET", f"{path}/media?kinds=manifest"))["manifest"]
            if pages:
                async with aiohttp.ClientSession() as plain, plain.get(pages[0]["url"]) as answer:
                    entries = (await answer.json(content_type=None))["entries"]
                if entries:
                    return float(min(entry["startUs"] for entry in entries) / 1e6)
            await asyncio.sleep(0.2)


def tail(seconds: list[float]) -> float:
    return sorted(seconds)[min(len(seconds) - 1, round(0.99 * len(seconds)))]


if __name__ == "__main__":
    raise SystemExit(main())
