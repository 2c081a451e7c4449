"""What does a film cost: core-seconds per second of the meeting, memory, and time until it can be watched?

A composer process of its own works against moto's S3 and SQS in this one: four people with cameras of
720p30 in VP8 and voices, then the same for longer, then sixteen cameras. CPU time and memory are the
composer's and those of the process that decodes, added up; memory is the most that both had at one moment.
Both run on one core.
Before them pictures alone are decoded, drawn and encoded in this process: changes of the code are compared by
that. What recordings cost is by price list (infra/costs.py), with the size of the cameras made here.

Usage: .venv/bin/python bench/composition.py [--long] [--json FILE]
"""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import av
import boto3
import numpy as np
from moto.server import ThreadedMotoServer
from PIL import Image

from bench._harness import report
from infra.costs import Prices, Recorded, recorded_costs
from media_node.recording.composition.decoding import NO_CLIP, PULSE, Pulse
from media_node.recording.composition.layout import Size, Stage, arrange
from media_node.recording.composition.picturing import compose_pictures
from media_node.recording.composition.plan import Cell, LocalClip, PicturePlan, Scene
from tests.support.composing import Studio
from tests.support.recorded_meeting import BUCKET, Piece, Take, microphone, person, timeline, us

CAMERA = (1280, 720)
CAMERA_RATE = 30
FILM, FILM_RATE = (1280, 720), 25
VOICE_MBPS = 0.032
SEGMENT_SECONDS = 2
# Different seconds of one camera; a meeting repeats them.
DIFFERENT_SEGMENTS = 5
BITS_PER_SECOND = 1_500_000
# L1T3, as the app's cameras send: every second picture is the base of no other.
TEMPORAL_LAYERS = (
    "ts_number_layers=3:ts_target_bitrate=750,1050,1500:ts_rate_decimator=4,2,1:ts_periodicity=4"
    ":ts_layer_id=0,2,1,2:ts_layering_mode=3"
)
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """One film."""

    core_seconds: float
    first_minute_seconds: float
    whole_seconds: float
    peak_bytes: int
    film_bytes: int


def main() -> None:
    options = report.options(__doc__)
    # Of the stand-in, a line per request.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    outcome = report.Report("Composition")
    segments = camera_segments()
    per_second = pictures_alone(segments)
    outcome.add("4 cameras, pictures alone", f"{per_second:.3f} core-seconds per second", pictures=per_second)
    lengths = (120, 3600) if options.long else (60, 180)
    for people, seconds in ((4, lengths[0]), (4, lengths[1]), (16, 60)):
        run = compose(pieces_of(segments, people, seconds), people, seconds)
        per_second = run.core_seconds / seconds
        text = (
            f"{per_second:.3f} core-seconds per second, first minute after {run.first_minute_seconds:.0f} s, "
            f"whole after {run.whole_seconds:.0f} s ({run.whole_seconds / seconds:.2f} of its length), "
            f"{run.peak_bytes / 1e6:.0f} MB at most, "
            f"{run.film_bytes * 8 / seconds / 1e6:.2f} Mbit/s"
        )
        outcome.add(
            f"{people} cameras of 720p30, {seconds} s", text, **vars(run), coreSecondsPerSecond=per_second
        )
    add_costs(outcome, segments)
    outcome.write(options.json)


def add_costs(outcome: report.Report, segments: list[bytes]) -> None:
    """Storage of a participant's hour, and what a recorded hour costs in requests."""
    mbps = 8 * sum(map(len, segments)) / (len(segments) * SEGMENT_SECONDS) / 1e6 + VOICE_MBPS
    outcome.add("storage of a participant's hour", f"{mbps * 3600 / 8:.0f} MB", mbps=mbps)
    lines = {line.what: line.dollars for line in recorded_costs(Recorded(mbps_per_person=mbps), Prices())}
    for what, dollars in lines.items():
        outcome.add(f"a recorded hour of 4: {what}", f"{dollars:.4f} dollars", dollars=dollars)


def pictures_alone(segments: list[bytes], seconds: int = 20) -> float:
    """Core-seconds of this process per second of the film: the least of three attempts."""
    with tempfile.TemporaryDirectory() as name:
        plan = picture_plan(segments, Path(name), seconds)
        (Path(name) / "pulse").write_bytes(PULSE.pack(NO_CLIP, 0))
        took = []
        for _ in range(3):
            began = time.process_time()
            compose_pictures(plan, Pulse(Path(name) / "pulse"))
            took.append(time.process_time() - began)
    return min(took) / seconds


def picture_plan(segments: list[bytes], folder: Path, seconds: int) -> PicturePlan:
    """Four people in a grid; half way through somebody else speaks."""
    paths = [folder / f"{number}.mkv" for number in range(len(segments))]
    for path, data in zip(paths, segments, strict=True):
        path.write_bytes(data)
    people = tuple(f"par_{one}" for one in range(4))
    step = SEGMENT_SECONDS * 1_000_000
    tracks = {
        who: [
            LocalClip(n, str(paths[(n + at) % len(paths)]), "vp8", n * step, n * step, (n + 1) * step)
            for n in range(seconds // SEGMENT_SECONDS)
        ]
        for at, who in enumerate(people)
    }
    tiles = arrange("grid", Stage(people), Size(*FILM)).tiles
    scenes = [
        Scene(
            tick,
            tuple(
                Cell(tile.rect, who, who, who == speaker, who)
                for tile, who in zip(tiles, people, strict=True)
            ),
        )
        for tick, speaker in ((0, people[0]), (seconds * FILM_RATE // 2, people[1]))
    ]
    return PicturePlan(*FILM, FILM_RATE, 0, seconds * FILM_RATE, scenes, tracks, [0], str(folder / "film"))


def camera_segments() -> list[bytes]:
    """A textured picture that moves as a person before a camera does, with a sensor's noise."""
    random = np.random.default_rng(1)
    coarse = Image.fromarray(random.integers(0, 255, (40, 60)).astype(np.uint8))
    room = np.asarray(coarse.resize((1600, 1000), Image.Resampling.BICUBIC)).astype(np.int16)
    noise = [random.integers(-2, 3, (CAMERA[1], CAMERA[0])).astype(np.int16) for _ in range(8)]
    per_segment = CAMERA_RATE * SEGMENT_SECONDS
    return [
        _segment(room, noise, range(first, first + per_segment))
        for first in range(0, DIFFERENT_SEGMENTS * per_segment, per_segment)
    ]


def _segment(room: Any, noise: list[Any], frames: range) -> bytes:
    file = io.BytesIO()
    settings = {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0", "threads": "1"}
    settings["ts-parameters"] = TEMPORAL_LAYERS
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libvpx", rate=CAMERA_RATE, options=settings)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = CAMERA
        stream.pix_fmt, stream.bit_rate = "yuv420p", BITS_PER_SECOND
        for index, number in enumerate(frames):
            x, y = round(60 + 50 * np.sin(number / 40)), round(50 + 40 * np.sin(number / 55))
            luma = np.clip(room[y : y + CAMERA[1], x : x + CAMERA[0]] + noise[number % 8], 0, 255)
            frame = av.VideoFrame(*CAMERA, "yuv420p")
            chroma = np.full((CAMERA[1] // 2, CAMERA[0] // 2), 120, np.uint8)
            for plane, values in zip(frame.planes, (luma.astype(np.uint8), chroma, chroma), strict=True):
                rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
                rows[: values.shape[0], : values.shape[1]] = values
            frame.pts, frame.time_base = index, Fraction(1, CAMERA_RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def compose(pieces: Iterable[Piece], people: int, seconds: int) -> Run:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
    }
    session = boto3.Session("x", "x", region_name="us-east-1")
    s3 = session.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"])
    sqs = session.client("sqs", endpoint_url=environment["AWS_ENDPOINT_URL"])
    try:
        s3.create_bucket(Bucket=BUCKET)
        jobs = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        reports = sqs.create_queue(QueueName="reports")["QueueUrl"]
        studio = Studio(s3, sqs, jobs, reports, Path())
        take = Take(s3)
        take.write(list(pieces))
        studio.put_timeline(
            timeline(seconds, [person(f"par_{one}", f"Person {one}") for one in range(people)])
        )
        environment |= {"PARLEY_COMPOSITION_QUEUE_URL": jobs, "PARLEY_REPORT_QUEUE_URL": reports}
        return measure(studio, take.prefix, environment)
    finally:
        # What one stand-in held the next would find.
        urllib.request.urlopen(f"{environment['AWS_ENDPOINT_URL']}/moto-api/reset", b"")
        server.stop()


def pieces_of(segments: list[bytes], people: int, seconds: int) -> list[Piece]:
    pieces: list[Piece] = []
    voice = microphone("par_0", 0, 20, ((0, 5), (8, 19)))
    for one in range(people):
        who = f"par_{one}"
        for index in range(seconds // SEGMENT_SECONDS):
            start, end = us(index * SEGMENT_SECONDS), us((index + 1) * SEGMENT_SECONDS)
            data = segments[(index + one) % len(segments)]
            pieces.append(Piece(f"trk_{one}_c", who, "camera", "vp8", start, end, *CAMERA, data))
            sound = voice[(index + 3 * one) % len(voice)]
            pieces.append(replace(sound, track=f"trk_{one}_m", participant=who, start_us=start, end_us=end))
    return pieces


def measure(studio: Studio, prefix: str, environment: dict[str, str]) -> Run:
    began = time.monotonic()
    studio.send([prefix])
    composer = subprocess.Popen(
        [sys.executable, "-m", "media_node.recording.composer"],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    # Before it has a thread or a child: all of them stay there.
    os.sched_setaffinity(composer.pid, {max(os.sched_getaffinity(0))})
    peak, first_minute, core_seconds = 0, 0.0, 0.0
    try:
        while True:
            peak = max(peak, sum(_resident(pid) for pid in _family(composer.pid)))
            core_seconds = max(core_seconds, sum(_core_seconds(pid) for pid in _family(composer.pid)))
            for told in studio.told():
                first_minute = first_minute or time.monotonic() - began
                if told["state"] == "failed":
                    raise SystemExit(told["reason"])
                if told["state"] == "done":
                    core_seconds = max(core_seconds, sum(_core_seconds(pid) for pid in _family(composer.pid)))
                    whole = time.monotonic() - began
                    return Run(core_seconds, first_minute, whole, peak, told["files"]["bytes"])
            if composer.poll() is not None:
                raise SystemExit("the composer ended")
            time.sleep(0.2)
    finally:
        composer.kill()
        composer.wait()


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children)]


def _resident(pid: int) -> int:
    """Bytes in memory that belong to the process alone, and its part of what is shared."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _core_seconds(pid: int) -> float:
    """CPU time of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICKS_PER_SECOND


if __name__ == "__main__":
    main()
