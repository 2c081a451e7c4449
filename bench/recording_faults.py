"""What does a recording of two nodes lose when something of it fails?

Two real nodes record a publisher whose pictures count (VP8) and whose tone goes on (Opus), into a stand-in of
S3. Each fault happens again and again at a random moment of a segment. Lost pictures are the counters that no
segment shows, lost sound what no entry covers: of the first node's take, of the second one's, and of both
together, from which a film is made.

Usage: .venv/bin/python bench/recording_faults.py [--long] [--json FILE] [FAULT …]
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiohttp
import av

from bench._harness import report
from bench._harness.faulty_bucket import FaultyBucket, faulty_bucket
from media_node.quantities import new_identifier
from tests.support.recorded_meeting import CAMERA_RATE, read_counter
from tests.support.recorder_pair import Pair, recorder_pair
from tests.support.recordings import (
    BACKUP_BUCKET,
    BUCKET,
    Cloud,
    StoredTake,
    recorder_pids,
    running_cloud,
    wait_gone,
)
from tests.support.webrtc_client import CounterTrack, ToneTrack, publish

# Counters that are nearer are pictures that a busy publisher left out.
HOLE_FRAMES = 10
HOLE_US = 300_000
# A tap hands over what a moment holds.
DISK_BYTES = 24 << 20
AWAY_SECONDS = 15.0
PATIENCE = 90.0


@dataclass
class Stage:
    """Two nodes that record, everything that can be broken, and what a run of it needs."""

    cloud: Cloud
    bucket: FaultyBucket
    pair: Pair
    folder: Path
    camera: CounterTrack
    client: Any


@dataclass(frozen=True)
class Loss:
    """Seconds that are missing, and how long it took until the meeting's node said so (None: it need not)."""

    pictures: float
    sound: float


@dataclass(frozen=True)
class Run:
    first: Loss
    second: Loss
    both: Loss
    told_seconds: float | None


Fault = Callable[[Stage], Awaitable[float | None]]


# The faults: each breaks something, waits until it is whole again, and says after how long it was told.


async def kill_recorder(stage: Stage) -> float | None:
    return await _kill(stage, stage.pair.first, "primary", "recorder_restarted")


async def kill_backup(stage: Stage) -> float | None:
    return await _kill(stage, stage.pair.second, "backup", "recorder_restarted")


async def _kill(stage: Stage, node: Any, role: str, reason: str) -> float:
    began = time.monotonic()
    for pid in recorder_pids(node):
        os.kill(pid, signal.SIGKILL)
    await stage.pair.told(role, lambda one: one["reason"] == reason, PATIENCE)
    told = time.monotonic() - began
    await stage.pair.told(role, lambda one: one["state"] == "recording", PATIENCE)
    return told


async def lose_bucket(stage: Stage) -> float | None:
    """No bucket for a while, and no backup bucket either: the spool holds everything."""
    began = time.monotonic()
    stage.bucket.is_away = True
    await stage.pair.told("primary", lambda one: one["reason"] == "storage_unavailable", PATIENCE)
    told = time.monotonic() - began
    await asyncio.sleep(max(0.0, AWAY_SECONDS - told))
    stage.bucket.is_away = False
    await stage.pair.told("primary", lambda one: one["state"] == "recording", PATIENCE)
    return told


async def throttle_bucket(stage: Stage) -> float | None:
    """Half of what comes may pass, and each third request is told to slow down."""
    stage.bucket.bytes_per_second, stage.bucket.slow_down_each = 40_000.0, 3
    await asyncio.sleep(AWAY_SECONDS)
    stage.bucket.bytes_per_second = stage.bucket.slow_down_each = None
    await stage.pair.told("primary", lambda one: one["state"] == "recording", PATIENCE)
    return None


async def refuse_bucket(stage: Stage) -> float | None:
    """The first bucket refuses for good; later it heals, and what the second one took comes back."""
    began = time.monotonic()
    stage.bucket.refused_bucket = BUCKET
    await stage.pair.told("primary", lambda one: one["reason"] == "backup_bucket", PATIENCE)
    told = time.monotonic() - began
    await asyncio.sleep(max(0.0, AWAY_SECONDS / 2 - told))
    stage.bucket.refused_bucket = None
    await stage.pair.told("primary", lambda one: one["state"] == "recording", PATIENCE)
    return told


async def fill_disk(stage: Stage) -> float | None:
    """The first node's disk is full for some seconds."""
    began = time.monotonic()
    ballast = stage.folder / "first" / "spool" / "ballast"
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
            file.flush()
    await stage.pair.told("primary", lambda one: one["reason"] == "disk_full", PATIENCE)
    told = time.monotonic() - began
    await asyncio.sleep(3)
    ballast.unlink()
    await stage.pair.told("primary", lambda one: one["state"] == "recording", PATIENCE)
    return told


FAULTS: dict[str, tuple[Fault, dict[str, str]]] = {
    "recorder killed": (kill_recorder, {}),
    "backup killed": (kill_backup, {}),
    "disk full": (fill_disk, {}),
    "bucket away": (lose_bucket, {}),
    "bucket throttled": (throttle_bucket, {}),
    "bucket refuses": (refuse_bucket, {"backupBucket": BACKUP_BUCKET}),
}
MACHINE = "machine killed"


# One run.


@asynccontextmanager
async def stage_of(cloud: Cloud, folder: Path) -> AsyncIterator[Stage]:
    async with aiohttp.ClientSession() as http, faulty_bucket(os.environ["AWS_ENDPOINT_URL_S3"]) as bucket:
        with small_disk(folder / "first" / "spool"):
            environment = {"AWS_ENDPOINT_URL_S3": bucket.url}
            async with recorder_pair(cloud, folder, new_identifier("mtg_"), **environment) as pair:
                camera = CounterTrack(time.monotonic(), 320, 240)
                token = pair.first.issuer.token(pair.meeting)
                client = await publish(http, pair.first.url, token, [ToneTrack(), camera])
                yield Stage(cloud, bucket, pair, folder, camera, client)
                await client.connection.close()


@contextlib.contextmanager
def small_disk(folder: Path) -> Any:
    """A file system of its own for a spool; the machine's where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


async def run(stage: Stage, fault: Fault, where: dict[str, str]) -> Run:
    """One recording with one fault in its middle."""
    stage.pair = replace(stage.pair, recording=new_identifier("rec_"))
    await stage.pair.start(**where)
    prefixes = await _segments(stage, 6)
    await asyncio.sleep(random.uniform(0, 2))
    told = await fault(stage)
    count = max([one["segments"] for one in stage.cloud.seen[-1]["recordings"]], default=0)
    await _segments(stage, count + 6)
    for node in (stage.pair.first, stage.pair.second):
        await stage.pair.stop(node)
    for role in ("primary", "backup"):
        await stage.pair.told(role, lambda one: one["state"] == "stopped", PATIENCE)
    takes = [await stage.pair.take(prefix) for prefix in prefixes]
    return Run(loss_of(takes[:1]), loss_of(takes[1:]), loss_of(takes), told)


async def _segments(stage: Stage, count: int) -> list[str]:
    told = []
    for role in ("primary", "backup"):
        told.append(await stage.pair.told(role, lambda one: one["segments"] >= count, PATIENCE))
    return [one["prefix"] for one in told]


async def killed_machine(cloud: Cloud, folder: Path) -> Run:
    """The node of the meeting and its recorder die at once; what was published until then is what counts."""
    async with stage_of(cloud, folder) as stage:
        await stage.pair.start()
        prefixes = await _segments(stage, 6)
        await asyncio.sleep(random.uniform(0, 2))
        killed, at_us = stage.camera.counter, time.time_ns() // 1_000
        pids = recorder_pids(stage.pair.first)
        for pid in (stage.pair.first.process.pid, *pids):
            os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        await stage.pair.told("backup", lambda one: one["reason"] == "disconnected", PATIENCE)
        told = time.monotonic() - began
        await asyncio.to_thread(wait_gone, pids[0])
        await stage.pair.stop(stage.pair.second)
        await stage.pair.told("backup", lambda one: one["state"] == "stopped", PATIENCE)
        takes = [await stage.pair.take(prefix) for prefix in prefixes]
        first, second, both = (loss_of(some, killed, at_us) for some in (takes[:1], takes[1:], takes))
        return Run(first, second, both, told)


# What is missing.


def loss_of(takes: Iterable[StoredTake], until: int | None = None, until_us: int | None = None) -> Loss:
    takes = list(takes)
    counters = sorted({one for take in takes for one in _counters(take)})
    ends = [until] if until is not None else []
    holes = [after - before for before, after in pairwise([*counters, *ends])]
    pictures = sum(hole - 1 for hole in holes if hole > HOLE_FRAMES) / CAMERA_RATE
    spans = sorted(span for take in takes for span in _sounding(take))
    sound, end = 0, spans[0][1]
    for start, finish in [*spans[1:], *([(until_us, until_us)] if until_us is not None else [])]:
        sound += start - end if start - end > HOLE_US else 0
        end = max(end, finish)
    return Loss(pictures, sound / 1e6)


def _counters(take: StoredTake) -> Iterable[int]:
    for entry in take.of("camera"):
        with av.open(io.BytesIO(take.data_by_key[entry.key]), mode="r") as container:
            for frame in container.decode(video=0):
                value = read_counter(frame.to_ndarray(format="gray"))
                if value is not None:
                    yield value


def _sounding(take: StoredTake) -> Iterable[tuple[int, int]]:
    """From when to when there is sound: segments without what is marked in them as lost."""
    for entry in take.of("microphone"):
        start = entry.start_us
        for lost in entry.lost:
            yield start, lost.start_us
            start = lost.end_us
        yield start, entry.end_us


def line(runs: list[Run]) -> str:
    def most(of: Callable[[Run], Loss]) -> str:
        pictures = sorted(of(one).pictures for one in runs)
        sound = sorted(of(one).sound for one in runs)
        middle = len(runs) // 2
        return f"{pictures[middle]:.2f}/{pictures[-1]:.2f} {sound[middle]:.2f}/{sound[-1]:.2f}"

    told = [one.told_seconds for one in runs if one.told_seconds is not None]
    ending = f"; told after {max(told):.1f} s at most" if told else ""
    parts = (f"{name} {most(of)}" for name, of in PARTS.items())
    return f"{len(runs)} times: {', '.join(parts)}{ending}"


PARTS: dict[str, Callable[[Run], Loss]] = {
    "first": lambda one: one.first,
    "second": lambda one: one.second,
    "film": lambda one: one.both,
}


async def measure(outcome: report.Report, wanted: list[str], times: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with running_cloud(Path(name)) as cloud:
            for number, (title, (fault, where)) in enumerate(FAULTS.items()):
                if wanted and title not in wanted:
                    continue
                runs: list[Run] = []
                async with stage_of(cloud, Path(name) / f"fault-{number}") as stage:
                    for _ in range(times):
                        runs.append(await run(stage, fault, where))
                        print(f"    {title}: {runs[-1]}", file=sys.stderr, flush=True)
                outcome.add(title, line(runs), runs=[str(one) for one in runs])
            if not wanted or MACHINE in wanted:
                runs = []
                for number in range(times):
                    runs.append(await killed_machine(cloud, Path(name) / f"machine-{number}"))
                    print(f"    {MACHINE}: {runs[-1]}", file=sys.stderr, flush=True)
                outcome.add(MACHINE, line(runs), runs=[str(one) for one in runs])


def main() -> None:
    wanted = [one for one in sys.argv[1:] if one in (*FAULTS, MACHINE)]
    sys.argv = [one for one in sys.argv if one not in wanted]
    options = report.options(__doc__)
    outcome = report.Report("Seconds lost: pictures median/most, sound median/most")
    asyncio.run(measure(outcome, wanted, 10 if options.long else 2))
    outcome.write(options.json)


if __name__ == "__main__":
    main()
