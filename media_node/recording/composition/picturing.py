"""One minute of pictures: decoded, put together, encoded as H.264.

Only what changed is drawn again, and a picture that is as the one before is not encoded: a frame is shown
until the next one comes, one each second at least. Each minute begins with a keyframe of its own encoder;
the others come where fragments begin.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image

from media_node.recording.composition import drawing
from media_node.recording.composition.avc import configuration, length_prefixed
from media_node.recording.composition.decoding import Faults, Pictures, Pulse
from media_node.recording.composition.drawing import Planes
from media_node.recording.composition.layout import Rect, Size, fit
from media_node.recording.composition.plan import (
    FRAGMENT_SECONDS,
    HELD_US,
    Cell,
    EncodedFrame,
    LocalClip,
    PicturePlan,
    PictureResult,
    Scene,
)

# Quality of x264 at which text of a shared screen can be read and a camera has no blocks.
CONSTANT_RATE_FACTOR = "25"
# Bursts stay below what a link of 4 Mbit/s carries.
RATE_OPTIONS = "vbv-maxrate=3000:vbv-bufsize=6000"
# The film is tagged as what browsers and drawings use: BT.601, limited range.
COLOR_OPTIONS = "colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m:fullrange=off"
# No frame is sent out of order, one thread so that a core is a core, keyframes only where they are asked for.
# Weighted prediction and psychovisual weights change nothing at this preset but its cost.
FIXED_OPTIONS = "bframes=0:threads=1:lookahead-threads=1:scenecut=0:keyint=infinite:weightp=0:no-psy=1"
THUMBNAIL_WIDTH = 160


def compose_pictures(plan: PicturePlan, pulse: Pulse) -> PictureResult:
    faults = Faults()
    painter = _Painter(plan, pulse, faults)
    thumbnails: dict[int, str] = {}
    wanted = set(plan.thumbnails)
    with Path(plan.path).open("wb") as file:
        encoder = _Encoder(plan, file)
        for tick in range(plan.first_tick, plan.end_tick):
            changed = painter.paint(tick)
            encoder.handle(tick, painter.frame, changed)
            if tick in wanted:
                thumbnails[tick] = _thumbnail(painter.frame)
            pulse.beat()
        encoder.finish()
    return PictureResult(encoder.frames, encoder.config.hex(), thumbnails, faults.told())


class _Painter:
    """The picture, and what is on it."""

    def __init__(self, plan: PicturePlan, pulse: Pulse, faults: Faults) -> None:
        self.frame = av.VideoFrame(plan.width, plan.height, "yuv420p")
        self._planes = drawing.planes(self.frame)
        self._size = Size(plan.width, plan.height)
        self._rate = plan.rate
        self._scenes = sorted(plan.scenes, key=lambda scene: scene.tick)
        self._scene: Scene | None = None
        self._clips: Mapping[str, Sequence[LocalClip]] = plan.tracks
        self._tracks: dict[str, Pictures] = {}
        self._scalers: dict[Rect, VideoReformatter] = {}
        self._pulse = pulse
        self._faults = faults

    def paint(self, tick: int) -> bool:
        """Bring the picture to a tick; whether it changed."""
        changed = self._enter_scene(tick)
        if self._scene is None or self._scene.card is not None:
            return changed
        # The middle of the time that the picture is shown: half of it early is no worse than half of it late.
        until_us = (2 * tick + 1) * 1_000_000 // (2 * self._rate)
        for cell in self._scene.cells:
            if cell.track is None:
                continue
            pictures = self._pictures(cell.track, until_us)
            pictures.is_small = _is_small(pictures.shown, cell.rect)
            if pictures.advance(until_us) or changed:
                self._paint_picture(cell, pictures.shown)
                changed = True
        return changed

    def _enter_scene(self, tick: int) -> bool:
        entered = None
        while self._scenes and self._scenes[0].tick <= tick:
            entered = self._scenes.pop(0)
        if entered is None:
            return False
        self._scene = entered
        if entered.card is not None:
            self._put(drawing.card(entered.card, self._size), 0, 0)
            return True
        self._put(drawing.plain(self._size.width, self._size.height), 0, 0)
        for cell in entered.cells:
            self._paint_cell(cell)
        if entered.hidden:
            self._paint_hidden(entered.hidden)
        self._close_unseen({cell.track for cell in entered.cells if cell.track})
        return True

    def _paint_cell(self, cell: Cell) -> None:
        rect, size = cell.rect, Size(cell.rect.width, cell.rect.height)
        if cell.is_speaking:
            border = max(2, self._size.height // 180) & ~1
            around = drawing.plain(rect.width + 2 * border, rect.height + 2 * border, drawing.SPEAKING)
            self._put(around, rect.x - border, rect.y - border)
        if cell.card is not None:
            self._put(drawing.card(cell.card, size), rect.x, rect.y)
        elif cell.track is None:
            self._put(drawing.avatar(cell.participant, cell.name, size), rect.x, rect.y)
        else:
            self._put(drawing.plain(rect.width, rect.height, drawing.TILE), rect.x, rect.y)
        self._paint_name(cell)

    def _paint_name(self, cell: Cell) -> None:
        name = drawing.label(cell.name, Size(cell.rect.width, cell.rect.height))
        self._put(name, cell.rect.x, cell.rect.y + cell.rect.height - name[0].shape[0])

    def _paint_hidden(self, count: int) -> None:
        text = f"and {count} more" if count > 1 else "and one more"
        label = drawing.label(text, Size(self._size.width, self._size.height // 2))
        height, width = label[0].shape
        self._put(label, self._size.width - width, self._size.height - height)

    def _paint_picture(self, cell: Cell, picture: av.VideoFrame | None) -> None:
        if picture is None:
            return
        inside = fit(picture.width, picture.height, cell.rect)
        if inside != cell.rect:
            # A source that turned or changed its aspect leaves nothing of itself beside.
            ground = drawing.plain(cell.rect.width, cell.rect.height, drawing.TILE)
            self._put(ground, cell.rect.x, cell.rect.y)
        scaler = self._scalers.setdefault(inside, VideoReformatter())
        # Each pixel the mean of those that it stands for: as sharp as bilinear, a quarter cheaper.
        how = Interpolation.AREA if picture.width > inside.width else Interpolation.BILINEAR
        scaled = scaler.reformat(
            picture, inside.width, inside.height, "yuv420p", interpolation=how, threads=1
        )
        self._put(drawing.planes(scaled), inside.x, inside.y)
        self._paint_name(cell)

    def _pictures(self, track: str, from_us: int) -> Pictures:
        if track not in self._tracks:
            clips = [clip for clip in self._clips.get(track, ()) if clip.end_us > from_us - HELD_US]
            self._tracks[track] = Pictures(clips, self._rate, self._pulse, self._faults)
        return self._tracks[track]

    def _close_unseen(self, seen: set[str]) -> None:
        """Decoders hold several pictures each: one of a track that is not seen is made anew when it is."""
        self._tracks = {track: pictures for track, pictures in self._tracks.items() if track in seen}
        self._scalers = {}

    def _put(self, what: Planes, x: int, y: int) -> None:
        """Copy planes into the picture; what is beyond its borders is cut off."""
        for index, (target, source) in enumerate(zip(self._planes, what, strict=True)):
            half = 1 if index else 0
            left, top = x >> half, y >> half
            cut_x, cut_y = max(0, -left), max(0, -top)
            height = min(source.shape[0], target.shape[0] - top)
            width = min(source.shape[1], target.shape[1] - left)
            target[top + cut_y : top + height, left + cut_x : left + width] = source[
                cut_y:height, cut_x:width
            ]


def _is_small(picture: av.VideoFrame | None, rect: Rect) -> bool:
    return picture is not None and 2 * rect.width <= picture.width and 2 * rect.height <= picture.height


class _Encoder:
    """H.264, frame by frame into a file."""

    def __init__(self, plan: PicturePlan, file: io.BufferedWriter) -> None:
        self._context = _open_encoder(plan)
        self._file = file
        self._rate = plan.rate
        self._first = plan.first_tick
        self._last = plan.first_tick
        self.frames: list[EncodedFrame] = []
        self.config = configuration(bytes(self._context.extradata or b""))

    def handle(self, tick: int, frame: av.VideoFrame, changed: bool) -> None:
        is_key = tick == self._first or tick % (FRAGMENT_SECONDS * self._rate) == 0
        if not (changed or is_key or tick - self._last >= self._rate):
            return
        self._last = tick
        frame.pts = tick
        frame.time_base = self._context.time_base
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        self._keep(self._context.encode(frame))

    def finish(self) -> None:
        self._keep(self._context.encode(None))

    def _keep(self, packets: Sequence[av.Packet[Any]]) -> None:
        for packet in packets:
            data = length_prefixed(bytes(packet))
            self._file.write(data)
            assert packet.pts is not None
            self.frames.append(EncodedFrame(packet.pts, len(data), packet.is_keyframe))


def _open_encoder(plan: PicturePlan) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = plan.width, plan.height, "yuv420p"
    context.time_base = Fraction(1, plan.rate)
    context.framerate = Fraction(plan.rate)
    context.thread_count = 1
    # Parameter sets go into the file's header.
    context.flags |= av.codec.context.Flags.global_header
    context.options = {
        "preset": "superfast",
        "crf": CONSTANT_RATE_FACTOR,
        "forced-idr": "1",
        "x264-params": f"{FIXED_OPTIONS}:{RATE_OPTIONS}:{COLOR_OPTIONS}",
    }
    context.open()
    return context


def _thumbnail(frame: av.VideoFrame) -> str:
    height = round(frame.height * THUMBNAIL_WIDTH / frame.width)
    small = frame.reformat(THUMBNAIL_WIDTH, height, "rgb24")
    image = Image.fromarray(small.to_ndarray())
    data = io.BytesIO()
    image.save(data, "JPEG", quality=80)
    return base64.b64encode(data.getvalue()).decode()
