"""Text of any script as lines that can be drawn: which font has which letters, and in which order they stand.

Fonts come with packages (Noto, OFL); none is fetched at run time. Letters are shaped by HarfBuzz through
Pillow; here is decided what goes together, and, of lines with several directions, what stands where. Source:
Unicode Standard Annex 9, for names: one level of embedding, no explicit marks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import fontpkg_noto_sans
import manimgx_fonts
import manimgx_fonts_cjk
from fontTools.ttLib import TTFont
from PIL import ImageDraw, ImageFont, features

SMALLEST_TEXT = 10
# Of names that do not fit.
ELLIPSIS = "…"
REGULAR_WEIGHT = 400
LEFT, RIGHT = frozenset({"L"}), frozenset({"R", "AL"})
# What belongs to the letter before it: marks, joiners, variation selectors, skin tones.
JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
SKIN_TONES = range(0x1F3FB, 0x1F400)
# Shaping by HarfBuzz needs a library of the system; without it letters stand singly.
HAS_SHAPING = bool(features.check("raqm"))

Color = tuple[int, int, int]


def _font_files() -> tuple[Path, ...]:
    """In the order in which they are asked for a letter; that of China, Japan and Korea last: it is large."""
    latin = Path(fontpkg_noto_sans.__file__).parent / "files/NotoSans[wdth,wght].ttf"
    others = sorted(Path(manimgx_fonts.__file__).parent.glob("Noto*.ttf"))
    is_text = [one for one in others if not one.name.startswith("NotoSans[") and "Italic" not in one.name]
    # Emoji have digits and signs, too: after what is made for text.
    ordered = sorted(is_text, key=lambda one: "Emoji" in one.name)
    return (latin, *ordered, Path(manimgx_fonts_cjk.__file__).parent / "NotoSansCJK-VF.otf.ttc")


FILES = _font_files()


@lru_cache(maxsize=len(FILES))
def _letters(path: Path) -> frozenset[int]:
    """What a font can draw."""
    with TTFont(path, fontNumber=0, lazy=True) as font:
        return frozenset(font["cmap"].getBestCmap())


@lru_cache(maxsize=4096)
def _file_of(letter: str) -> Path | None:
    """The first font that has a letter; None where none has it."""
    return next((path for path in FILES if ord(letter) in _letters(path)), None)


@lru_cache(maxsize=32)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(path), size)
    axes = font.get_variation_axes()
    # The thinnest is what some begin with.
    font.set_variation_by_axes(
        [REGULAR_WEIGHT if _is_weight(axis) else axis["default"] or 0 for axis in axes]
    )
    return font


def _is_weight(axis: ImageFont.Axis) -> bool:
    return bytes(axis["name"] or b"").lower() == b"weight"


@dataclass(frozen=True)
class Run:
    """Letters of one font and one direction, in the order in which they are read."""

    text: str
    path: Path
    is_leftward: bool


@dataclass(frozen=True)
class Line:
    """A text in a size, its runs from left to right."""

    runs: tuple[Run, ...]
    size: int

    @property
    def width(self) -> float:
        return sum(_length(run, self.size) for run in self.runs)

    @property
    def metrics(self) -> tuple[int, int]:
        """Ascent and descent, the same for all texts of a size."""
        return _font(FILES[0], self.size).getmetrics()

    def draw(self, draw: ImageDraw.ImageDraw, x: float, baseline: float, color: Color) -> None:
        for run in self.runs:
            text, direction = _shaped(run)
            draw.text(
                (x, baseline), text, color, font=_font(run.path, self.size), anchor="ls", direction=direction
            )
            x += _length(run, self.size)

    def draw_in_middle(self, draw: ImageDraw.ImageDraw, x: float, y: float, color: Color) -> None:
        ascent, descent = self.metrics
        self.draw(draw, x - self.width / 2, y + (ascent - descent) / 2, color)


def line(text: str, size: float) -> Line:
    """A text as it stands on one line."""
    pixels = max(SMALLEST_TEXT, round(size))
    return Line(tuple(_in_order(list(_runs(text)), _is_leftward(text))), pixels)


def fitted(text: str, size: float, width: float) -> Line:
    """The text, or as much of its begin as has room with an ellipsis."""
    whole = line(text, size)
    clusters = list(_clusters(text))
    while whole.width > width and clusters:
        clusters.pop()
        whole = line("".join(clusters).rstrip() + ELLIPSIS, size)
    return whole


def first_letter(word: str) -> str:
    """A letter with all that belongs to it."""
    return next(_clusters(word), "")


def _length(run: Run, size: int) -> float:
    text, direction = _shaped(run)
    return _font(run.path, size).getlength(text, direction=direction)


def _shaped(run: Run) -> tuple[str, str | None]:
    """A run as Pillow is to be told of it: what, and its direction."""
    if HAS_SHAPING:
        return run.text, "rtl" if run.is_leftward else "ltr"
    return ("".join(reversed(list(_clusters(run.text)))) if run.is_leftward else run.text), None


def _clusters(text: str) -> Iterator[str]:
    """Letters with the marks that belong to them."""
    cluster = ""
    for letter in text:
        belongs = (
            unicodedata.category(letter).startswith("M") or letter in JOINERS or ord(letter) in SKIN_TONES
        )
        if cluster and not belongs and not cluster.endswith("\u200d"):
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


def _runs(text: str) -> Iterator[Run]:
    """In the order in which they are read."""
    clusters = list(_clusters(text))
    directions = _directions(clusters, _is_leftward(text))
    paths = _paths(clusters)
    placed = zip(clusters, paths, directions, strict=True)
    for (path, is_leftward), group in groupby(placed, key=lambda one: one[1:]):
        yield Run("".join(cluster for cluster, _, _ in group), path, is_leftward)


def _paths(clusters: Iterable[str]) -> Iterator[Path]:
    """The font of each cluster; spaces and signs stay with what is before them, where that font has them."""
    before = FILES[0]
    for cluster in clusters:
        letter = cluster[0]
        is_plain = not letter.isalnum() and ord(letter) in _letters(before)
        if not is_plain:
            before = _file_of(letter) or FILES[0]
        yield before


def _is_leftward(text: str) -> bool:
    """Whether the first letter that has a direction goes from right to left (rules P2 and P3)."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind in RIGHT for kind in kinds if kind in LEFT | RIGHT), False)


def _directions(clusters: list[str], is_leftward: bool) -> list[bool]:
    """Whether each goes from right to left: what has no direction goes as its neighbours, if they agree."""
    kinds = [unicodedata.bidirectional(cluster[0]) for cluster in clusters]
    strong = [kind in RIGHT if kind in LEFT | RIGHT | {"EN", "AN"} else None for kind in kinds]
    found = []
    for index, own in enumerate(strong):
        before = next((one for one in reversed(strong[:index]) if one is not None), is_leftward)
        after = next((one for one in strong[index + 1 :] if one is not None), is_leftward)
        found.append(own if own is not None else before if before == after else is_leftward)
    return found


def _in_order(runs: list[Run], is_leftward: bool) -> list[Run]:
    """From left to right (rule L2): what goes against the line's direction is turned around as a whole."""
    ordered: list[Run] = []
    for goes_left, group in groupby(runs, key=lambda run: run.is_leftward):
        stretch = list(group)
        ordered += reversed(stretch) if goes_left != is_leftward else stretch
    return ordered[::-1] if is_leftward else ordered
