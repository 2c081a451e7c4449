"""What does the local control plane take and bear, how soon are things told, and how long is a second start?

Starts a Parley of its own on free ports with a fresh data folder, stops it, starts it again, and then
creates meetings and joins them over HTTP: with one client in turn, then with several at once. Then it waits
for the webhook of each meeting that it makes, one by one; lets people in who wait and ask again when they are
told to; and puts people out who are in, whose tokens it tries again.

Usage: .venv/bin/python bench/local_run.py [--requests 500]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import httpx

CLIENTS = 8
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from localcloud.ports import Ports  # noqa: E402 - found only after the line above


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        port = Ports(data / "bench-ports.json").port("api")
        first, process = start(data, port)
        stop(process)
        again, process = start(data, port)
        try:
            report(json.loads((data / "run.json").read_text()), options.requests)
        finally:
            stop(process)
    print(f"first start, everything built   {first:6.2f} s")
    print(f"second start                    {again:6.2f} s   (promise: under 5 s)")
    return 0


def start(data: Path, port: int) -> tuple[float, subprocess.Popen[bytes]]:
    """Start as `make run` does once all is built; the seconds until run.json is there."""
    began = time.monotonic()
    subprocess.run([sys.executable, "scripts/setup.py", "run"], cwd=ROOT, check=True)
    environment = {**os.environ, "PARLEY_DATA": str(data), "PARLEY_PORT": str(port), "PARLEY_NODES": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "localcloud"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    while not (data / "run.json").exists():
        if process.poll() is not None or time.monotonic() - began > 120:
            raise SystemExit("localcloud did not start; its own message is above")
        time.sleep(0.01)
    return time.monotonic() - began, process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)


def report(run: dict[str, Any], requests: int) -> None:
    key = (run["apiKey"]["id"], run["apiKey"]["secret"])
    limits = httpx.Limits(max_connections=CLIENTS)
    with httpx.Client(base_url=run["apiUrl"], timeout=30, limits=limits) as client:

        def create() -> str:
            answer = client.post("/meetings", json={}, auth=key)
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

        def join(meeting: str) -> None:
            answer = client.post(f"/meetings/{meeting}/join", json={"displayName": "Ann"})
            assert answer.status_code == 201, answer.text

        meetings = [create() for _ in range(20)]
        for meeting in meetings:
            join(meeting)
        calls: list[tuple[str, Callable[[int], object]]] = [
            ("GET /v1/health", lambda _: client.get("/health")),
            ("create", lambda _: create()),
            ("join", lambda index: join(meetings[index % len(meetings)])),
        ]
        for name, call in calls:
            show(name, timed(requests, call))
        for name, call in calls:
            busy(run["pid"], name, requests, call)
        told(client, key, max(20, requests // 5))
        admitted(client, key, max(20, requests // 5))
        asyncio.run(removed(run["apiUrl"], aiohttp.encode_basic_auth(*key), max(20, requests // 5)))


def admitted(client: httpx.Client, key: tuple[str, str], people: int) -> None:
    """From a host's click to the place in the hands of who waited, at any moment of their pause."""
    meeting = client.post("/meetings", json={"waitingRoom": True}, auth=key).json()["id"]
    chance = random.Random(1)
    delays = []
    with ThreadPoolExecutor(1) as pool:
        for number in range(people):
            waiting = client.post(f"/meetings/{meeting}/join", json={"displayName": f"P{number}"}).json()
            asking = pool.submit(ask_until_admitted, client, meeting, waiting)
            time.sleep(chance.random() * waiting["pollAfterMs"] / 1000)
            clicked = time.monotonic()
            path = f"/meetings/{meeting}/participants/{waiting['participant']['id']}/admit"
            client.post(path, auth=key).raise_for_status()
            delays.append((asking.result() - clicked) * 1000)
    show("let in", delays)


def ask_until_admitted(client: httpx.Client, meeting: str, waiting: dict[str, Any]) -> float:
    """As the web app does; the moment of the answer that lets in."""
    headers = {"Authorization": f"Bearer {waiting['waitingToken']}"}
    while True:
        time.sleep(waiting["pollAfterMs"] / 1000)
        answer = client.get(f"/meetings/{meeting}/join", headers=headers)
        if answer.status_code == 201:
            return time.monotonic()
        answer.raise_for_status()


async def removed(api_url: str, credentials: str, people: int) -> None:
    """From a host's click to the end of the connection, after which the token is tried again."""
    delays = []
    async with aiohttp.ClientSession() as http:
        headers = {"Authorization": credentials}

        async def post(path: str, body: Any) -> Any:
            async with http.post(f"{api_url}{path}", json=body, headers=headers) as answer:
                return await answer.json()

        meeting = (await post("/meetings", {"maxParticipants": 1000}))["id"]
        for number in range(people):
            joined = await post(f"/meetings/{meeting}/join", {"displayName": f"P{number}"})
            socket = await enter(http, joined)
            assert await until(socket, "joined"), "nobody came in"
            path = f"{api_url}/meetings/{meeting}/participants/{joined['participant']['id']}"
            clicked = time.monotonic()
            async with http.delete(path, headers=headers) as answer:
                answer.raise_for_status()
            assert await until(socket, "removed"), "nobody was put out"
            delays.append((time.monotonic() - clicked) * 1000)
            late = await enter(http, joined)
            assert await until(late, "error"), "a dead token let somebody in"
            await socket.close()
            await late.close()
    show("put out", delays)


async def enter(http: aiohttp.ClientSession, joined: Any) -> aiohttp.ClientWebSocketResponse:
    url = f"{joined['node']['url']}/signal".replace("http", "ws", 1)
    socket = await http.ws_connect(url, protocols=["parley.v1"])
    await socket.send_json({"type": "join", "token": joined["token"]})
    return socket


async def until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> bool:
    """Whether a message of a type comes before another that would be its opposite, or the end."""
    opposite = {"joined": "error", "error": "joined"}.get(kind)
    async with asyncio.timeout(10):
        async for message in socket:
            said = message.json()["type"] if message.type is aiohttp.WSMsgType.TEXT else None
            if said in (kind, opposite):
                return said == kind
    return False


def busy(pid: int, name: str, requests: int, call: Callable[[int], object]) -> None:
    """Several clients at once: what a core of the process that answers does in a second."""
    before, began = cpu_seconds(pid), time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(call, range(requests)))
    wall, cpu = time.monotonic() - began, cpu_seconds(pid) - before
    print(f"{name:<16} {requests / wall:6.0f} a second, {requests / cpu:6.0f} of a core of localcloud")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def told(client: httpx.Client, key: tuple[str, str], meetings: int) -> None:
    """From the answer of a create to the webhook that tells of it."""
    heard: dict[str, float] = {}
    one_more = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard[body["data"]["meeting"]["id"]] = time.monotonic()
            self.send_response(204)
            self.end_headers()
            one_more.set()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    delays = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        wish = {"url": f"http://127.0.0.1:{server.server_address[1]}/", "events": ["meeting.created"]}
        client.post("/webhook-endpoints", json=wish, auth=key).raise_for_status()
        for number in range(meetings + 1):
            meeting = client.post("/meetings", json={}, auth=key).json()["id"]
            answered = time.monotonic()
            while meeting not in heard:
                assert one_more.wait(30), "a webhook did not come"
                one_more.clear()
            if number > 0:
                # The first waits for all the events of what was measured before.
                delays.append((heard[meeting] - answered) * 1000)
        server.shutdown()
    show("webhook", delays)


def timed(requests: int, call: Callable[[int], object]) -> list[float]:
    milliseconds = []
    for index in range(requests):
        began = time.perf_counter()
        call(index)
        milliseconds.append((time.perf_counter() - began) * 1000)
    return milliseconds


def show(name: str, milliseconds: list[float]) -> None:
    cuts = statistics.quantiles(milliseconds, n=100)
    print(f"{name:<16} p50 {cuts[49]:6.1f} ms   p99 {cuts[98]:6.1f} ms   n {len(milliseconds)}")


if __name__ == "__main__":
    sys.exit(main())
