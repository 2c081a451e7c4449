"""A finished minute: its fragments, and what else is known of it, so that playlists and the whole film follow
later.

Pure but for `write_minute`, which puts the bytes together. The object `minutes/00000.json` holds one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from media_node.recording.composition.mp4 import Format, Fragment, fragment_header
from media_node.recording.composition.plan import (
    FRAGMENT_SECONDS,
    PACKET_SAMPLES,
    SAMPLE_RATE,
    EncodedFrame,
    PicturePlan,
    PictureResult,
    SoundPlan,
    SoundResult,
)

MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Piece:
    """A fragment, and where it lies in the minute's object."""

    fragment: Fragment
    offset: int
    header_bytes: int

    @property
    def bytes(self) -> int:
        return self.header_bytes + self.fragment.payload

    @property
    def ticks(self) -> int:
        return sum(self.fragment.frame_ticks)


@dataclass(frozen=True)
class Minute:
    number: int
    format: Format
    pieces: list[Piece]
    # State of the speaker detection at its end.
    speaker: dict[str, Any]
    peaks: list[int]
    thumbnails: dict[int, str]


def format_minute(minute: Minute) -> bytes:
    what = minute.format
    return json.dumps(
        {
            "version": 1,
            "number": minute.number,
            "format": {**asdict(what), "avc": what.avc.hex(), "aac": what.aac.hex()},
            "pieces": [asdict(piece) for piece in minute.pieces],
            "speaker": minute.speaker,
            "peaks": minute.peaks,
            "thumbnails": minute.thumbnails,
        },
        separators=(",", ":"),
    ).encode()


def parse_minute(data: bytes) -> Minute:
    """What `format_minute` wrote; the composer reads its own objects alone."""
    value = json.loads(data)
    what = value["format"]
    return Minute(
        value["number"],
        Format(
            what["width"],
            what["height"],
            what["rate"],
            bytes.fromhex(what["avc"]),
            bytes.fromhex(what["aac"]),
        ),
        [
            Piece(Fragment(**piece["fragment"]), piece["offset"], piece["header_bytes"])
            for piece in value["pieces"]
        ],
        value["speaker"],
        value["peaks"],
        {int(tick): picture for tick, picture in value["thumbnails"].items()},
    )


def first_packet_from(time_us: int) -> int:
    """The number of the first AAC packet that begins at a time or after it."""
    return -(-time_us * SAMPLE_RATE // (1_000_000 * PACKET_SAMPLES))


def write_minute(
    number: int, pictures: PicturePlan, drawn: PictureResult, sound: SoundPlan, mixed: SoundResult, path: Path
) -> list[Piece]:
    """Put both tracks into one file of fragments; where each lies."""
    pieces: list[Piece] = []
    offset = 0
    with path.open("wb") as file, open(pictures.path, "rb") as frames, open(sound.path, "rb") as packets:
        for index, fragment in enumerate(_fragments(pictures, drawn.frames, sound, mixed.packet_sizes)):
            header = fragment_header(number * 60 // FRAGMENT_SECONDS + index + 1, fragment)
            file.write(header)
            file.write(frames.read(sum(fragment.frame_sizes)))
            file.write(packets.read(sum(fragment.packet_sizes)))
            pieces.append(Piece(fragment, offset, len(header)))
            offset += pieces[-1].bytes
    return pieces


def _fragments(
    pictures: PicturePlan, frames: list[EncodedFrame], sound: SoundPlan, packet_sizes: list[int]
) -> Iterator[Fragment]:
    starts = [index for index, frame in enumerate(frames) if frame.is_key]
    taken = 0
    for start, end in zip(starts, [*starts[1:], len(frames)], strict=True):
        ticks = [frame.tick for frame in frames[start:end]]
        is_last = end == len(frames)
        end_tick = pictures.end_tick if is_last else frames[end].tick
        durations = [after - tick for tick, after in zip(ticks, [*ticks[1:], end_tick], strict=True)]
        until = sound.end_packet if is_last else first_packet_from(end_tick * 1_000_000 // pictures.rate)
        count = until - sound.first_packet - taken
        sizes = [frame.bytes for frame in frames[start:end]]
        yield Fragment(
            ticks[0], durations, sizes, sound.first_packet + taken, packet_sizes[taken : taken + count]
        )
        taken += count
