"""Takes as recorders write them: pictures that carry a frame counter, sound that beeps each whole second."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
import numpy as np

from media_node.recording.manifest import (
    Entry,
    Gap,
    Health,
    Message,
    Page,
    Span,
    format_entry,
    format_page,
    parse_page,
)

BUCKET = "parley-recordings"
RECORDING = "rec_a"
# 2026-01-01T00:00:00Z: a whole second.
STARTED_US = 1_767_225_600_000_000
CAMERA_RATE = 30
SEGMENT_SECONDS = 2
# The counter counts frames of CAMERA_RATE from STARTED_US, in so many blocks side by side.
COUNTER_BITS = 16
SAMPLE_RATE = 48_000
PACKET_SAMPLES = 960
BEEP_SECONDS = 0.1
_ENCODERS = {
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "h264": "libx264",
    "h265": "libx265",
    "av1": "libsvtav1",
}
# One thread: encoders with more of them spend the time of a busy machine on waiting for each other.
_OPTIONS = {
    "vp8": {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0", "threads": "1"},
    "vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "threads": "1"},
    "h264": {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "scenecut=0:threads=1"},
    "h265": {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x265-params": "pools=none:frame-threads=1:log-level=none",
    },
    "av1": {"preset": "8", "crf": "15", "svtav1-params": "lp=1:pred-struct=1"},
}


def moment(seconds: float) -> str:
    """RFC 3339 of so many seconds after the begin."""
    when = datetime.fromtimestamp(STARTED_US / 1e6 + seconds, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def us(seconds: float) -> int:
    return STARTED_US + round(seconds * 1_000_000)


def counter_picture(counter: int, width: int, height: int) -> av.VideoFrame:
    """Above, the bits of the counter as light and dark blocks; below, their opposites."""
    bits = [(counter >> (COUNTER_BITS - 1 - bit)) & 1 for bit in range(COUNTER_BITS)]
    edges = [round(bit * width / COUNTER_BITS) for bit in range(COUNTER_BITS + 1)]
    luma = np.zeros((height, width), np.uint8)
    for bit, left, right in zip(bits, edges, edges[1:], strict=False):
        luma[: height // 2, left:right] = 210 if bit else 40
        luma[height // 2 :, left:right] = 40 if bit else 210
    frame = av.VideoFrame(width, height, "yuv420p")
    chroma = np.full((height // 2, width // 2), 128, np.uint8)
    for plane, values in zip(frame.planes, (luma, chroma, chroma), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: values.shape[0], : values.shape[1]] = values
    return frame


def read_counter(luma: Any) -> int | None:
    """The counter of a picture cut out of a film, shape (h, w); None where there is none."""
    height, width = luma.shape
    counter = 0
    for bit in range(COUNTER_BITS):
        column = round((bit + 0.5) * width / COUNTER_BITS)
        # The name covers the lower left corner.
        above = luma[height // 4, column].astype(int)
        below = luma[round(height * 0.6), column].astype(int)
        if abs(above - below) < 60:
            return None
        counter = counter << 1 | int(above > below)
    return counter


@dataclass(frozen=True)
class Piece:
    """A segment before it has a place in a take."""

    track: str
    participant: str
    source: str
    codec: str
    start_us: int
    end_us: int
    width: int | None
    height: int | None
    data: bytes
    lost: tuple[Span, ...] = ()


@lru_cache(maxsize=64)
def camera(
    participant: str,
    start: float,
    end: float,
    size: tuple[int, int] = (320, 180),
    codec: str = "vp8",
    source: str = "camera",
    track: str = "",
    layers: str = "",
) -> tuple[Piece, ...]:
    """Segments of a camera between two times in seconds from the begin; `layers` as libvpx is told them."""
    pieces = []
    at = start
    while at < end:
        until = min(at + SEGMENT_SECONDS, end)
        first, last = math.ceil(at * CAMERA_RATE - 1e-6), math.ceil(until * CAMERA_RATE - 1e-6)
        start_us = us(first / CAMERA_RATE)
        data = _video_file(tuple(range(first, last)), size, codec, layers)
        pieces.append(
            Piece(
                track or f"trk_{participant}_{source}",
                participant,
                source,
                codec,
                start_us,
                us(last / CAMERA_RATE),
                *size,
                data,
            )
        )
        at = until
    return tuple(pieces)


@lru_cache(maxsize=512)
def _video_file(counters: tuple[int, ...], size: tuple[int, int], codec: str, layers: str = "") -> bytes:
    file = io.BytesIO()
    options = _OPTIONS[codec] | ({"ts-parameters": layers} if layers else {})
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream(_ENCODERS[codec], rate=CAMERA_RATE, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        if "crf" not in _OPTIONS[codec]:
            stream.bit_rate = 600_000
        stream.codec_context.gop_size = 1000
        for index, counter in enumerate(counters):
            frame = counter_picture(counter, *size)
            frame.pts, frame.time_base = index, Fraction(1, CAMERA_RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


@lru_cache(maxsize=64)
def microphone(
    participant: str,
    start: float,
    end: float,
    speaks: tuple[tuple[float, float], ...] = (),
    beeps: bool = True,
    track: str = "",
    source: str = "microphone",
    volume: float = 0.4,
    packet_samples: int = PACKET_SAMPLES,
) -> tuple[Piece, ...]:
    """Segments of a voice: a beep of 1 kHz at each whole second, or a steady hum while it speaks."""
    packets = opus_packets(start, end, speaks, packet_samples, beeps, volume)
    per_segment = SEGMENT_SECONDS * SAMPLE_RATE // packet_samples
    seconds = packet_samples / SAMPLE_RATE
    pieces = []
    for first in range(0, len(packets), per_segment):
        part = packets[first : first + per_segment]
        begin = start + first * seconds
        pieces.append(
            Piece(
                track or f"trk_{participant}_{source}",
                participant,
                source,
                "opus",
                us(begin),
                us(begin + len(part) * seconds),
                None,
                None,
                _sound_file(part, packet_samples),
            )
        )
    return tuple(pieces)


@lru_cache(maxsize=64)
def opus_packets(
    start: float,
    end: float,
    speaks: tuple[tuple[float, float], ...],
    packet_samples: int,
    beeps: bool = True,
    volume: float = 0.4,
) -> tuple[bytes, ...]:
    """A voice as `microphone` says, encoded."""
    times = start + np.arange(round((end - start) * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros(len(times))
    if beeps:
        sound += np.where(times % 1.0 < BEEP_SECONDS, volume * np.sin(2 * np.pi * 1000 * times), 0)
    for begin, finish in speaks:
        inside = (times >= begin) & (times < finish)
        sound += np.where(inside, volume * np.sin(2 * np.pi * 300 * times), 0)
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "mono", "flt"
    encoder.bit_rate = 48_000
    encoder.options = {"frame_duration": str(packet_samples * 1_000 // SAMPLE_RATE)}
    packets = []
    for at in range(0, len(sound) - packet_samples + 1, packet_samples):
        block = sound[at : at + packet_samples].astype(np.float32)[None, :]
        frame = av.AudioFrame.from_ndarray(block, "flt", "mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, at
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets)


def _sound_file(packets: Sequence[bytes], packet_samples: int = PACKET_SAMPLES) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE)
        stream.codec_context.layout = "mono"
        for index, data in enumerate(packets):
            packet = av.Packet(data)
            packet.stream = stream
            packet.time_base = Fraction(1, SAMPLE_RATE)
            packet.pts = packet.dts = index * packet_samples
            packet.duration = packet_samples
            packet.is_keyframe = True
            container.mux(packet)
    return file.getvalue()


@dataclass
class Take:
    """Puts pieces into S3 as one recorder would, by the time at which they end."""

    s3: Any
    prefix: str = f"nodes/node_a/{RECORDING}-{'a' * 26}/"
    role: str = "primary"
    recording: str = RECORDING
    gaps: tuple[Gap, ...] = ()
    # On the last page, with the gaps.
    health: tuple[Health, ...] = ()
    # On each page: a recorder that follows another is told the latest again.
    messages: tuple[Message, ...] = ()
    entries: list[Entry] = field(default_factory=list)

    def write(
        self,
        pieces: Sequence[Piece],
        *,
        final: bool = True,
        unlisted: int = 0,
        altered: dict[int, dict[str, Any]] | None = None,
    ) -> None:
        """`unlisted`: so many at the end are on no page; `altered`: fields changed on the page."""
        ordered = sorted(pieces, key=lambda piece: (piece.end_us, piece.track))
        sequences: dict[str, int] = {}
        for piece in ordered:
            sequence = sequences.get(piece.track, 0)
            sequences[piece.track] = sequence + 1
            self._put(piece, sequence)
        self.write_pages(final=final, unlisted=unlisted, altered=altered or {})

    def _put(self, piece: Piece, sequence: int) -> None:
        entry = Entry(
            track=piece.track,
            participant=piece.participant,
            source=piece.source,  # type: ignore[arg-type]
            codec=piece.codec,  # type: ignore[arg-type]
            sequence=sequence,
            key=f"{self.prefix}{piece.track}/{sequence:06d}.mkv",
            start_us=piece.start_us,
            end_us=piece.end_us,
            width=piece.width,
            height=piece.height,
            bytes=len(piece.data),
            sha256=hashlib.sha256(piece.data).hexdigest(),
            previous=self.entries[-1].digest if self.entries else None,
            lost=piece.lost,
        )
        metadata = {"parley-entry": format_entry(entry)}
        self.s3.put_object(Bucket=BUCKET, Key=entry.key, Body=piece.data, Metadata=metadata)
        self.entries.append(entry)

    def write_pages(self, *, final: bool, unlisted: int, altered: dict[int, dict[str, Any]]) -> None:
        listed = self.entries[: len(self.entries) - unlisted]
        listed = [replace(entry, **altered.get(index, {})) for index, entry in enumerate(listed)]
        previous, step = None, 20
        for number, at in enumerate(range(0, max(1, len(listed)), step)):
            is_last = at + step >= len(listed)
            page = Page(
                recording=self.recording,
                meeting="mtg_a",
                node="node_a",
                role=self.role,  # type: ignore[arg-type]
                number=number,
                previous_page=previous,
                messages=self.messages,
                entries=tuple(listed[at : at + step]),
                gaps=self.gaps if is_last else (),
                health=self.health if is_last else (),
                is_final=final and is_last,
            )
            data = format_page(page)
            previous = parse_page(data).digest
            self.s3.put_object(Bucket=BUCKET, Key=f"{self.prefix}pages/{number:06d}.json", Body=data)


def event(number: int, kind: str, seconds: float, **data: Any) -> dict[str, Any]:
    return {"number": number, "type": kind, "time": moment(seconds), "data": data}


def person(participant: str, name: str, role: str = "participant") -> dict[str, str]:
    return {"id": participant, "displayName": name, "role": role}


def timeline(
    seconds: float | None,
    people: Sequence[dict[str, str]],
    events: Sequence[dict[str, Any]] = (),
    pauses: Sequence[tuple[float, float]] = (),
) -> bytes:
    """`timeline.json`; without events everybody is there from the begin to the end."""
    log = list(events) or [
        event(number, "participant.joined", -1, participant=one) for number, one in enumerate(people, 1)
    ]
    return json.dumps(
        {
            "meeting": {"id": "mtg_a", "title": "Weekly"},
            "participants": list(people),
            "events": log,
            "recording": {
                "id": RECORDING,
                "startedAt": moment(0),
                "endedAt": moment(seconds) if seconds is not None else None,
                "pauses": [{"from": moment(start), "to": moment(end)} for start, end in pauses],
            },
        }
    ).encode()
