"""What does a recording of two nodes lose when something of it fails?

Two real nodes record a publisher whose pictures count (VP8) and whose noise is never the same (Opus), into a
stand-in of S3. Each fault happens again and again at a random moment of a segment. Lost are the pictures and
the packets of sound that were sent and that no segment holds: of the first node's take, of the second one's,
and of both together, from which a film is made. What the publisher had no time to send is told apart: it is
nobody's loss.

Usage: .venv/bin/python bench/recording_faults.py [--long] [--runs N] [--json FILE] [FAULT …]
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
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiohttp
import av

from bench._harness import report
from bench._harness.faulty_bucket import FaultyBucket, faulty_bucket
from media_node.quantities import new_identifier
from tests.support.recorded_meeting import CAMERA_RATE, PACKET_SAMPLES, SAMPLE_RATE, read_counter
from tests.support.recorder_pair import Pair, recorder_pair
from tests.support.recordings import (
    BACKUP_BUCKET,
    BUCKET,
    Cloud,
    StoredTake,
    read_take,
    recorder_pids,
    running_cloud,
    wait_gone,
)
from tests.support.webrtc_client import CounterTrack, NoiseTrack, packet_digest, publish

# What of the time between two pictures is the first one's at most: for the rest the publisher had no time.
LONGEST_FRAMES = 3
PACKET_SECONDS = PACKET_SAMPLES / SAMPLE_RATE
# A tap hands over what a moment holds.
DISK_BYTES = 24 << 20
AWAY_SECONDS = 15.0
LONG_AWAY_SECONDS = 600.0
PATIENCE = 90.0


@dataclass
class Stage:
    """Two nodes that record, everything that can be broken, and what a run of it needs."""

    cloud: Cloud
    bucket: FaultyBucket
    pair: Pair
    folder: Path
    http: aiohttp.ClientSession
    camera: CounterTrack
    voice: NoiseTrack
    client: Any = None

    async def publish_anew(self) -> None:
        """A publisher for each run: one that a busy machine has kept from answering was given up."""
        if self.client is not None:
            await self.client.connection.close()
        self.camera, self.voice = CounterTrack(time.monotonic(), 320, 240), NoiseTrack()
        token = self.pair.first.issuer.token(self.pair.meeting)
        self.client = await publish(self.http, self.pair.first.url, token, [self.voice, self.camera])


@dataclass(frozen=True)
class Loss:
    """Seconds that are missing although they were sent."""

    pictures: float
    sound: float


@dataclass(frozen=True)
class Told:
    """How long it took until a node said what is wrong, and that it is well again; None: it need not."""

    wrong_seconds: float | None = None
    well_seconds: float | None = None


@dataclass(frozen=True)
class Run:
    first: Loss
    second: Loss
    both: Loss
    told: Told
    # Of pictures: what the publisher had no time for.
    starved_seconds: float


@dataclass(frozen=True)
class Seen:
    """What a take holds: counters of pictures, digests of packets of sound."""

    counters: frozenset[int]
    packets: frozenset[str]


@dataclass(frozen=True)
class Until:
    """What was sent before a machine died: the last counter, and how many packets."""

    counter: int
    packets: int


Fault = Callable[[Stage], Awaitable[Told]]


# The faults: each breaks something, waits until it is whole again, and says after how long people were told.


async def kill_recorder(stage: Stage) -> Told:
    return await _kill(stage, stage.pair.first, "primary", "recorder_restarted")


async def kill_backup(stage: Stage) -> Told:
    return await _kill(stage, stage.pair.second, "backup", "recorder_restarted")


async def _kill(stage: Stage, node: Any, role: str, reason: str) -> Told:
    for pid in recorder_pids(node):
        os.kill(pid, signal.SIGKILL)
    wrong = await _wrong(stage, reason, role)
    return Told(wrong, await _well(stage, role))


async def _wrong(stage: Stage, reason: str, role: str = "primary") -> float:
    began = time.monotonic()
    await stage.pair.told(role, lambda one: one["reason"] == reason, PATIENCE)
    return time.monotonic() - began


async def _well(stage: Stage, role: str = "primary") -> float:
    began = time.monotonic()
    await stage.pair.told(role, lambda one: one["state"] == "recording", PATIENCE)
    return time.monotonic() - began


async def lose_bucket(stage: Stage, seconds: float = AWAY_SECONDS) -> Told:
    """No bucket for a while, and no backup bucket either: the spool holds everything."""
    stage.bucket.is_away = True
    wrong = await _wrong(stage, "storage_unavailable")
    await _let_pass(stage, seconds - wrong)
    stage.bucket.is_away = False
    return Told(wrong, await _well(stage))


async def lose_bucket_for_long(stage: Stage) -> Told:
    return await lose_bucket(stage, LONG_AWAY_SECONDS)


async def _let_pass(stage: Stage, seconds: float) -> None:
    """Reports are read meanwhile: they would be old ones after."""
    with contextlib.suppress(TimeoutError):
        await stage.cloud.report(lambda _: False, max(0.0, seconds))


async def throttle_bucket(stage: Stage) -> Told:
    """Half of what comes may pass, and each third request is told to slow down."""
    stage.bucket.bytes_per_second, stage.bucket.slow_down_each = 40_000.0, 3
    await asyncio.sleep(AWAY_SECONDS)
    stage.bucket.bytes_per_second = stage.bucket.slow_down_each = None
    return Told(None, await _well(stage))


async def refuse_bucket(stage: Stage) -> Told:
    """The first bucket refuses for good; later it heals, and what the second one took comes back."""
    stage.bucket.refused_bucket = BUCKET
    wrong = await _wrong(stage, "backup_bucket")
    await _let_pass(stage, AWAY_SECONDS / 2 - wrong)
    stage.bucket.refused_bucket = None
    return Told(wrong, await _well(stage))


async def fill_disk(stage: Stage) -> Told:
    """The first node's disk is full for some seconds, also of what stored segments leave free."""
    ballast = stage.folder / "first" / "spool" / "ballast"
    with ballast.open("ab", buffering=0) as file:
        filling = asyncio.ensure_future(_keep_full(file))
        wrong = await _wrong(stage, "disk_full")
        await _let_pass(stage, AWAY_SECONDS - wrong)
        filling.cancel()
    ballast.unlink()
    return Told(wrong, await _well(stage))


async def _keep_full(file: Any) -> None:
    while True:
        with contextlib.suppress(OSError):
            while True:
                os.write(file.fileno(), bytes(1 << 16))
        with contextlib.suppress(OSError):
            while True:
                os.write(file.fileno(), bytes(1 << 12))
        await asyncio.sleep(0.1)


FAULTS: dict[str, tuple[Fault, dict[str, str]]] = {
    "recorder killed": (kill_recorder, {}),
    "backup killed": (kill_backup, {}),
    "disk full": (fill_disk, {}),
    "bucket away": (lose_bucket, {}),
    "bucket throttled": (throttle_bucket, {}),
    "bucket refuses": (refuse_bucket, {"backupBucket": BACKUP_BUCKET}),
}
MACHINE = "machine killed"
# Ten minutes each: only when it is asked for, and once.
LONG = "bucket away for ten minutes"
LONG_FAULTS: dict[str, tuple[Fault, dict[str, str]]] = {LONG: (lose_bucket_for_long, {})}


# One run.


@asynccontextmanager
async def stage_of(cloud: Cloud, folder: Path) -> AsyncIterator[Stage]:
    async with aiohttp.ClientSession() as http, faulty_bucket(os.environ["AWS_ENDPOINT_URL_S3"]) as bucket:
        with small_disk(folder / "first" / "spool"):
            environment = {"AWS_ENDPOINT_URL_S3": bucket.url}
            async with recorder_pair(cloud, folder, new_identifier("mtg_"), **environment) as pair:
                stage = Stage(cloud, bucket, pair, folder, http, CounterTrack(0.0), NoiseTrack())
                yield stage
                if stage.client is not None:
                    await stage.client.connection.close()


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
    await stage.publish_anew()
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
    takes = [await _seen(await stage.pair.take(prefix)) for prefix in prefixes]
    return _run(stage, takes, told)


def _run(stage: Stage, takes: list[Seen], told: Told, until: Until | None = None) -> Run:
    first, second, both = (loss_of(stage, some, until) for some in (takes[:1], takes[1:], takes))
    recorded = sorted(set().union(*(take.counters for take in takes)))
    sent = [one for one in stage.camera.sent if recorded[0] <= one <= recorded[-1]]
    starved = sum(after - before - 1 for before, after in pairwise(sent)) / CAMERA_RATE
    return Run(first, second, both, told, starved)


async def _segments(stage: Stage, count: int) -> list[str]:
    told = []
    for role in ("primary", "backup"):
        told.append(await stage.pair.told(role, lambda one: one["segments"] >= count, PATIENCE))
    return [one["prefix"] for one in told]


async def killed_machine(cloud: Cloud, folder: Path) -> Run:
    """The node of the meeting and its recorder die at once; what was published until then is what counts."""
    async with stage_of(cloud, folder) as stage:
        await stage.publish_anew()
        await stage.pair.start()
        prefixes = await _segments(stage, 6)
        await asyncio.sleep(random.uniform(0, 2))
        until = Until(stage.camera.sent[-1], len(stage.voice.sent))
        pids = recorder_pids(stage.pair.first)
        for pid in (stage.pair.first.process.pid, *pids):
            os.kill(pid, signal.SIGKILL)
        told = Told(await _wrong(stage, "disconnected", "backup"))
        await asyncio.to_thread(wait_gone, pids[0])
        await stage.pair.stop(stage.pair.second)
        await stage.pair.told("backup", lambda one: one["state"] == "stopped", PATIENCE)
        # Of the first what was on its way is on the dead machine's disk: its chain has a hole there.
        first = await asyncio.to_thread(read_take, cloud.s3, prefixes[0])
        takes = [await _seen(first), await _seen(await stage.pair.take(prefixes[1]))]
        return _run(stage, takes, told, until)


# What is missing.


def loss_of(stage: Stage, takes: list[Seen], until: Until | None = None) -> Loss:
    shown = set().union(*(take.counters for take in takes))
    last = until.counter if until is not None else max(shown)
    wanted = [one for one in stage.camera.sent if min(shown) <= one <= last]
    lasts = {one: min(after - one, LONGEST_FRAMES) for one, after in pairwise([*wanted, last + 1])}
    pictures = sum(frames for one, frames in lasts.items() if one not in shown) / CAMERA_RATE
    heard = set().union(*(take.packets for take in takes))
    sent = stage.voice.sent[: until.packets if until is not None else None]
    held = [number for number, packet in enumerate(sent) if packet in heard]
    packets = (len(sent) if until is not None else held[-1] + 1) - held[0]
    return Loss(pictures, (packets - len(held)) * PACKET_SECONDS)


async def _seen(take: StoredTake) -> Seen:
    # Beside the loop, which is the publisher's too.
    return await asyncio.to_thread(lambda: Seen(frozenset(_counters(take)), frozenset(_packets(take))))


def _counters(take: StoredTake) -> Iterable[int]:
    for entry in take.of("camera"):
        with av.open(io.BytesIO(take.data_by_key[entry.key]), mode="r") as container:
            for frame in container.decode(video=0):
                value = read_counter(frame.to_ndarray(format="gray"))
                if value is not None:
                    yield value


def _packets(take: StoredTake) -> Iterable[str]:
    for entry in take.of("microphone"):
        with av.open(io.BytesIO(take.data_by_key[entry.key]), mode="r") as container:
            for packet in container.demux(audio=0):
                if packet.size:
                    yield packet_digest(bytes(packet))


def line(runs: list[Run]) -> str:
    def losses(of: Callable[[Run], Loss]) -> str:
        pictures = spread([of(one).pictures for one in runs])
        return f"{pictures} {spread([of(one).sound for one in runs])}"

    parts = [f"{name} {losses(of)}" for name, of in PARTS.items()]
    wrong = [one.told.wrong_seconds for one in runs if one.told.wrong_seconds is not None]
    well = [one.told.well_seconds for one in runs if one.told.well_seconds is not None]
    parts += [f"told after {max(wrong):.1f} s at most"] if wrong else []
    parts += [f"well after {max(well):.1f} s at most"] if well else []
    starved = max(one.starved_seconds for one in runs)
    return f"{len(runs)} times: {', '.join(parts)}; publisher had no time for {starved:.1f} s at most"


def spread(values: list[float]) -> str:
    """Median, 95th percentile and most."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"{ordered[len(ordered) // 2]:.2f}/{p95:.2f}/{ordered[-1]:.2f}"


PARTS: dict[str, Callable[[Run], Loss]] = {
    "first": lambda one: one.first,
    "second": lambda one: one.second,
    "film": lambda one: one.both,
}


async def measure(outcome: report.Report, wanted: list[str], times: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with running_cloud(Path(name)) as cloud:
            for number, (title, (fault, where)) in enumerate((FAULTS | LONG_FAULTS).items()):
                if title not in (wanted or FAULTS):
                    continue
                runs: list[Run] = []
                async with stage_of(cloud, Path(name) / f"fault-{number}") as stage:
                    for _ in range(times if title in FAULTS else 1):
                        began = f"{datetime.now(UTC):%H:%M} UTC, load {os.getloadavg()[0]:.1f}"
                        runs.append(await run(stage, fault, where))
                        print(f"    {title} ({began}): {runs[-1]}", file=sys.stderr, flush=True)
                outcome.add(title, line(runs), runs=[str(one) for one in runs])
            if not wanted or MACHINE in wanted:
                runs = []
                for number in range(times):
                    runs.append(await killed_machine(cloud, Path(name) / f"machine-{number}"))
                    print(f"    {MACHINE}: {runs[-1]}", file=sys.stderr, flush=True)
                outcome.add(MACHINE, line(runs), runs=[str(one) for one in runs])


def main() -> None:
    parser = report.parser(__doc__)
    parser.add_argument("--runs", type=int, help="how often each fault happens (2; with --long 10)")
    names = [*FAULTS, *LONG_FAULTS, MACHINE]
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"one of: {', '.join(names)}")
    options = parser.parse_args()
    if unknown := set(options.faults) - set(names):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    outcome = report.Report("Seconds lost, of pictures and of sound: median/p95/most")
    asyncio.run(measure(outcome, options.faults, options.runs or (10 if options.long else 2)))
    outcome.write(options.json)


if __name__ == "__main__":
    main()
