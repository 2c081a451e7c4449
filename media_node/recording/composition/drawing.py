"""What is drawn and not filmed: names, avatars, cards, the frame around who speaks.

Each drawing is made once as planes of YUV 4:2:0 and kept while it is in use.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from media_node.recording.composition.layout import Size
from media_node.recording.composition.lettering import first_letter, fitted
from media_node.recording.composition.plan import Card

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]

BACKGROUND = (23, 25, 31)
TILE = (42, 46, 56)
LABEL = (15, 16, 20)
TEXT = (240, 242, 246)
DETAIL = (170, 176, 188)
SPEAKING = (72, 176, 255)
# Told apart on TILE, and white letters can be read on each.
AVATAR_COLORS = (
    (61, 107, 179),
    (140, 82, 158),
    (176, 84, 74),
    (45, 128, 108),
    (150, 112, 42),
    (90, 98, 170),
    (165, 76, 118),
    (74, 124, 66),
)
# Enough for every tile of a minute; a drawing of a whole picture has 1.4 MB at 720p.
MOST_KEPT = 64


@lru_cache(maxsize=MOST_KEPT)
def plain(width: int, height: int, color: tuple[int, int, int] = BACKGROUND) -> Planes:
    return planes_of(Image.new("RGB", (width, height), color))


@lru_cache(maxsize=MOST_KEPT)
def label(name: str, tile: Size) -> Planes:
    """A name on a dark ground, no wider than the tile."""
    pad = max(4, round(tile.height / 60))
    text = fitted(name, tile.height / 16, tile.width - 6 * pad)
    width = _even_up(round(text.width) + 2 * pad)
    ascent, descent = text.metrics
    height = _even_up(ascent + descent + pad)
    image = Image.new("RGB", (min(width, tile.width), height), LABEL)
    text.draw(ImageDraw.Draw(image), pad, pad // 2 + ascent, TEXT)
    return planes_of(image)


@lru_cache(maxsize=MOST_KEPT)
def avatar(participant: str, name: str, tile: Size) -> Planes:
    """Initials on a disc, in a colour that the participant keeps."""
    image = Image.new("RGB", (tile.width, tile.height), TILE)
    draw = ImageDraw.Draw(image)
    radius = tile.height * 0.27
    centre = (tile.width / 2, tile.height / 2)
    color = AVATAR_COLORS[hashlib.sha256(participant.encode()).digest()[0] % len(AVATAR_COLORS)]
    draw.ellipse((centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius), fill=color)
    fitted(initials(name), radius * 0.85, 2 * radius).draw_in_middle(draw, *centre, TEXT)
    return planes_of(image)


@lru_cache(maxsize=MOST_KEPT)
def card(what: Card, size: Size) -> Planes:
    """Text in the middle, a smaller line below."""
    image = Image.new("RGB", (size.width, size.height), TILE)
    draw = ImageDraw.Draw(image)
    x, y, room = size.width / 2, size.height / 2, size.width * 0.9
    fitted(what.text, size.height / 11, room).draw_in_middle(draw, x, y, TEXT)
    if what.detail:
        fitted(what.detail, size.height / 20, room).draw_in_middle(draw, x, y + size.height / 9, DETAIL)
    return planes_of(image)


def initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()]
    ends = [words[0], words[-1]] if len(words) > 1 else words
    letters = [first_letter(word) for word in ends]
    return "".join(letters).upper() or "?"


def planes_of(image: Image.Image) -> Planes:
    """Y, U and V (BT.601, limited range) of a picture with even sides, shapes (h, w), (h/2, w/2) twice."""
    frame = av.VideoFrame.from_ndarray(np.asarray(image), "rgb24").reformat(format="yuv420p")
    copied = [plane.copy() for plane in planes(frame)]
    return copied[0], copied[1], copied[2]


def planes(frame: av.VideoFrame) -> Planes:
    """The memory of a YUV 4:2:0 frame as arrays."""
    views = []
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        views.append(rows[: plane.height, : plane.width])
    return views[0], views[1], views[2]


def _even_up(value: int) -> int:
    return value + (value & 1)
