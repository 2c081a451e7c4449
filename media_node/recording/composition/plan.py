"""What a decoding process is told of one minute, and what it says of it: values that cross a pipe as JSON.

Times are microseconds of the film, pictures are counted in ticks (one per frame at the film's rate) from the
film's begin, sound in samples at SAMPLE_RATE.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from media_node.recording.composition.layout import Rect

SAMPLE_RATE = 48_000
# Samples of one AAC packet.
PACKET_SAMPLES = 1024
# Where a player may begin, and what it loads at least; a divisor of a minute.
FRAGMENT_SECONDS = 4
# Losses and holes shorter than that are held over: nobody sees a picture stand still so long.
HELD_US = 500_000


@dataclass(frozen=True)
class LocalClip:
    """A part of a segment that was fetched to a file."""

    # Names the clip where something is wrong with it.
    number: int
    path: str
    codec: str
    # Film time of the segment's media time 0.
    origin_us: int
    start_us: int
    end_us: int


@dataclass(frozen=True)
class SoundPlan:
    """Mix packets `[first_packet, end_packet)` of the film and say how loud each track is."""

    first_packet: int
    end_packet: int
    start_us: int
    end_us: int
    tracks: dict[str, list[LocalClip]]
    path: str


@dataclass(frozen=True)
class Card:
    """Text in the place of a picture; `detail` is a second, smaller line."""

    text: str
    detail: str = ""


@dataclass(frozen=True)
class Cell:
    """One tile of a scene: a track's picture if there is one, else an avatar or a card."""

    rect: Rect
    participant: str
    name: str
    is_speaking: bool
    track: str | None = None
    card: Card | None = None


@dataclass(frozen=True)
class Scene:
    """What is on the picture from a tick on."""

    tick: int
    cells: tuple[Cell, ...] = ()
    # Over the whole picture, instead of cells.
    card: Card | None = None
    # People without a tile.
    hidden: int = 0


@dataclass(frozen=True)
class PicturePlan:
    """Draw and encode ticks `[first_tick, end_tick)`."""

    width: int
    height: int
    rate: int
    first_tick: int
    end_tick: int
    scenes: list[Scene]
    tracks: dict[str, list[LocalClip]]
    # Ticks of which a small picture is kept.
    thumbnails: list[int]
    path: str


@dataclass(frozen=True)
class BadClip:
    number: int
    text: str


@dataclass(frozen=True)
class SoundResult:
    """Packets lie one after the other in the plan's file."""

    packet_sizes: list[int]
    # AudioSpecificConfig (ISO 14496-3) in hexadecimal digits.
    config: str
    # dBFS per track, one for each hop of the speaker detection.
    levels: dict[str, list[float]]
    # Largest sample, 0 to 127, for each hop.
    peaks: list[int]
    bad: list[BadClip]


@dataclass(frozen=True)
class EncodedFrame:
    tick: int
    bytes: int
    is_key: bool


@dataclass(frozen=True)
class PictureResult:
    """Frames lie one after the other in the plan's file; each is shown until the next one's tick."""

    frames: list[EncodedFrame]
    # AVCDecoderConfigurationRecord (ISO 14496-15) in hexadecimal digits.
    config: str
    # JPEG in base64, by tick.
    thumbnails: dict[int, str]
    bad: list[BadClip]


def to_line(value: SoundPlan | PicturePlan | SoundResult | PictureResult) -> str:
    return json.dumps({"kind": type(value).__name__, **dataclasses.asdict(value)}, separators=(",", ":"))


def plan_from_line(line: str) -> SoundPlan | PicturePlan:
    value = json.loads(line)
    tracks = {name: [LocalClip(**clip) for clip in clips] for name, clips in value.pop("tracks").items()}
    if value.pop("kind") == "SoundPlan":
        return SoundPlan(tracks=tracks, **value)
    scenes = [_scene(scene) for scene in value.pop("scenes")]
    return PicturePlan(tracks=tracks, scenes=scenes, **value)


def _scene(value: dict[str, Any]) -> Scene:
    cells = tuple(_cell(cell) for cell in value.pop("cells"))
    return Scene(cells=cells, card=_card(value.pop("card")), **value)


def _cell(value: dict[str, Any]) -> Cell:
    return Cell(rect=Rect(**value.pop("rect")), card=_card(value.pop("card")), **value)


def _card(value: dict[str, str] | None) -> Card | None:
    return Card(**value) if value is not None else None


def result_from_line(line: str) -> SoundResult | PictureResult:
    value = json.loads(line)
    bad = [BadClip(**clip) for clip in value.pop("bad")]
    if value.pop("kind") == "SoundResult":
        return SoundResult(bad=bad, **value)
    frames = [EncodedFrame(**frame) for frame in value.pop("frames")]
    thumbnails = {int(tick): picture for tick, picture in value.pop("thumbnails").items()}
    return PictureResult(frames=frames, thumbnails=thumbnails, bad=bad, **value)
