"""A composer with queues and a bucket of its own, and a look at the films that it makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from media_node.recording.composer import JobQueue, Settings
from media_node.recording.composition.layout import Size, Stage, arrange
from tests.support.recorded_meeting import BUCKET, RECORDING, SAMPLE_RATE, read_counter

OUTPUT = f"compositions/{RECORDING}/x/"
SIZE = Size(640, 360)
# Quieter than a beep, louder than what two codecs add to silence.
BEEP_LEVEL = 0.05
# Of a beep, as long as every one is.
TONE_SAMPLES = 3_840


@dataclass
class Studio:
    """What a composer finds, and what it leaves."""

    s3: Any
    sqs: Any
    jobs: str
    reports: str
    folder: Path
    rate: int = 25
    size: Size = SIZE
    backup_bucket: str | None = None
    activity_file: Path | None = None

    def composer(self, clock: Callable[[], float] | None = None) -> JobQueue:
        settings = Settings(
            composition_queue_url=self.jobs,
            report_queue_url=self.reports,
            composition_width=self.size.width,
            composition_height=self.size.height,
            composition_rate=self.rate,
            recordings_backup_bucket=self.backup_bucket,
            composition_activity_file=self.activity_file,
        )
        return JobQueue(settings, self.sqs, self.s3, **({"clock": clock} if clock else {}))

    def put_timeline(self, data: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=f"{OUTPUT}timeline.json", Body=data)

    def send(self, prefixes: list[str], layout: str = "grid", **more: Any) -> None:
        job = {
            "job": "job_a",
            "recording": RECORDING,
            "meeting": "mtg_a",
            "bucket": BUCKET,
            "prefixes": prefixes,
            "timelineKey": f"{OUTPUT}timeline.json",
            "output": OUTPUT,
            "layout": layout,
            **more,
        }
        self.sqs.send_message(QueueUrl=self.jobs, MessageBody=json.dumps(job))

    def compose(self, timeline: bytes, prefixes: list[str], layout: str = "grid", **more: Any) -> Film:
        """Do one job; it has to be done."""
        self.put_timeline(timeline)
        self.send(prefixes, layout, **more)
        assert self.composer().take_one(0)
        last = self.told()[-1]
        assert last["state"] == "done", last.get("detail")
        return self.film(last["files"])

    def told(self) -> list[dict[str, Any]]:
        """All reports since they were last asked for."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.reports).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.reports, ReceiptHandle=message["ReceiptHandle"])
        return found

    def read(self, key: str) -> bytes:
        data: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return data

    def keys(self, prefix: str = OUTPUT) -> dict[str, str]:
        """Entity tags by key."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return {item["Key"]: item["ETag"] for item in listed.get("Contents", [])}

    def film(self, files: dict[str, Any]) -> Film:
        path = self.folder / "film.mp4"
        path.write_bytes(self.read(files["mp4"]))
        return Film(path, files)

    def faults(self) -> str:
        return self.read(f"{OUTPUT}faults.json").decode()


def _pitch(samples: Any) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), SAMPLE_RATE))
    return float(np.argmax(spectrum))


@dataclass
class Film:
    """A composed file, decoded."""

    path: Path
    files: dict[str, Any]

    def lumas(self) -> list[tuple[float, Any]]:
        """Seconds and luma of each frame, shape (h, w)."""
        return list(self.each_luma())

    def each_luma(self) -> Iterator[tuple[float, Any]]:
        """The same, one at a time: those of half a minute would fill half a gigabyte."""
        with av.open(str(self.path)) as container:
            for frame in container.decode(video=0):
                plane = frame.planes[0]
                rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
                yield float(frame.time), rows[:, : plane.width].copy()

    def samples(self) -> Any:
        """Its sound, shape (channels, n)."""
        with av.open(str(self.path)) as container:
            return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)

    def beeps(self) -> list[float]:
        """Seconds at which sound begins after silence."""
        return [begin for begin, _ in self.tones()]

    def tones(self) -> list[tuple[float, float]]:
        """The same, with the loudest frequency of what follows, in Hz."""
        samples, rate = self.samples(), SAMPLE_RATE
        loud = np.flatnonzero(np.abs(samples).max(axis=0) > BEEP_LEVEL)
        begins = loud[np.diff(loud, prepend=-rate) > rate // 4]
        return [(float(begin) / rate, _pitch(samples[0, begin : begin + TONE_SAMPLES])) for begin in begins]


def tile(luma: Any, people: tuple[str, ...], index: int, layout: str = "grid", **stage: Any) -> Any:
    """A tile cut out of a picture, shape (h, w)."""
    size = Size(luma.shape[1], luma.shape[0])
    rect = arrange(layout, Stage(people, **stage), size).tiles[index].rect  # type: ignore[arg-type]
    return luma[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]


def counter(luma: Any, people: tuple[str, ...], index: int, layout: str = "grid", **stage: Any) -> int | None:
    return read_counter(tile(luma, people, index, layout, **stage))
