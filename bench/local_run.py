"""How long does the control plane take through localcloud, and how long does a second start take?

Starts a Parley of its own on free ports with a fresh data folder, stops it, starts it again, and then
creates meetings and joins them over HTTP with one client, in turn.

Usage: .venv/bin/python bench/local_run.py [--requests 500]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

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
    with httpx.Client(base_url=run["apiUrl"], timeout=30) as client:

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
        show("GET /v1/health", timed(requests, lambda _: client.get("/health")))
        show("create", timed(requests, lambda _: create()))
        show("join", timed(requests, lambda index: join(meetings[index % len(meetings)])))


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
