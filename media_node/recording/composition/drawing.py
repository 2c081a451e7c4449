"""What is drawn and not filmed: names, avatars, cards, the frame around who speaks. Pillow, and a font of its
own.

Each drawing is made once as planes of YUV 4:2:0 and kept while it is in use.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import av
import fontpkg_noto_sans
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from media_node.recording.composition.layout import Size
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
# Of names that do not fit.
ELLIPSIS = "…"
# Enough for every tile of a minute; a drawing of a whole picture has 1.4 MB at 720p.
MOST_KEPT = 64
SMALLEST_TEXT = 10


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    files = Path(fontpkg_noto_sans.__file__).parent / "files"
    font = ImageFont.truetype(str(files / "NotoSans[wdth,wght].ttf"), max(SMALLEST_TEXT, size))
    return font


@lru_cache(maxsize=MOST_KEPT)
def plain(width: int, height: int, color: tuple[int, int, int] = BACKGROUND) -> Planes:
    return planes_of(Image.new("RGB", (width, height), color))


@lru_cache(maxsize=MOST_KEPT)
def label(name: str, tile: Size) -> Planes:
    """A name on a dark ground, no wider than the tile."""
    font = _font(round(tile.height / 16))
    pad = max(4, round(tile.height / 60))
    text = fitted(name, font, tile.width - 6 * pad)
    width = _even_up(round(font.getlength(text)) + 2 * pad)
    ascent, descent = font.getmetrics()
    height = _even_up(ascent + descent + pad)
    image = Image.new("RGB", (min(width, tile.width), height), LABEL)
    ImageDraw.Draw(image).text((pad, pad // 2), text, TEXT, font=font)
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
    draw.text(centre, initials(name), TEXT, font=_font(round(radius * 0.85)), anchor="mm")
    return planes_of(image)


@lru_cache(maxsize=MOST_KEPT)
def card(what: Card, size: Size) -> Planes:
    """Text in the middle, a smaller line below."""
    image = Image.new("RGB", (size.width, size.height), TILE)
    draw = ImageDraw.Draw(image)
    large, small = _font(round(size.height / 11)), _font(round(size.height / 20))
    middle = size.width / 2, size.height / 2
    draw.text(middle, fitted(what.text, large, size.width * 0.9), TEXT, font=large, anchor="mm")
    if what.detail:
        below = middle[0], middle[1] + size.height / 9
        draw.text(below, fitted(what.detail, small, size.width * 0.9), DETAIL, font=small, anchor="mm")
    return planes_of(image)


def initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


def fitted(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """The text, or as much of its begin as has room with an ellipsis."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + ELLIPSIS) > width:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


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
