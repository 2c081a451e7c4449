"""Layouts as data: who is on the picture at a moment, and in which rectangle.

Pure. Every rectangle lies inside the picture, has even coordinates (4:2:0 chroma) and the aspect 16:9 to the
pixel pair; none overlap. What a tile shows is fitted into its rectangle with its own aspect kept (`fit`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

LayoutName = Literal["grid", "speaker", "share"]
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)
# A tile of a grid of 16 is 300 pixels wide at 720p: a face and a name can still be told.
MOST_TILES = 16
# Beside the large picture.
MOST_IN_STRIP = 5
STRIP_SHARE = 0.19
# Space around tiles, as a share of the picture's height.
MARGIN_SHARE = 1 / 90
ASPECT = (16, 9)


@dataclass(frozen=True)
class Size:
    width: int
    height: int


@dataclass(frozen=True)
class Rect:
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Subject:
    """What a tile is about: a participant's camera, with the avatar in its place, or a shared screen."""

    participant: str
    is_screen: bool = False


@dataclass(frozen=True)
class Stage:
    """All that a layout depends on."""

    # In the order in which they came.
    people: tuple[str, ...]
    # Whose screens are shared, the latest last.
    screens: tuple[str, ...] = ()
    speaker: str | None = None
    # Who spoke, the latest first.
    heard: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tile:
    rect: Rect
    subject: Subject


@dataclass(frozen=True)
class Arrangement:
    tiles: tuple[Tile, ...]
    # People in the meeting who have no tile.
    hidden: int = 0


def arrange(layout: LayoutName, stage: Stage, size: Size) -> Arrangement:
    """Tiles of a moment.

    Args:
        layout: `grid`: everybody the same. `speaker`: who speaks large, or what is shared; others beside it.
            `share`: what is shared large and who speaks beside it; while nothing is shared, as `speaker`.
        stage: Who is there, shares and speaks.
        size: Pixels of the picture, both even.
    """
    if layout == "grid":
        return _grid(stage, size)
    if stage.screens:
        main = Subject(stage.screens[-1], is_screen=True)
        beside = _most_wanted(stage, 1 if layout == "share" else MOST_IN_STRIP)
        # Nobody spoke yet: whose screen it is stands beside it.
        if layout == "share" and stage.speaker is None and stage.screens[-1] in stage.people:
            beside = (stage.screens[-1],)
        return _large_and_strip(main, beside, stage, size)
    if not stage.people:
        return Arrangement(())
    first = _most_wanted(stage, 1)[0]
    others = tuple(one for one in _most_wanted(stage, MOST_IN_STRIP + 1) if one != first)
    return _large_and_strip(Subject(first), others[:MOST_IN_STRIP], stage, size)


def fit(width: int, height: int, rect: Rect) -> Rect:
    """The largest rectangle of a source's aspect inside another one, centred, to the pixel pair."""
    scale = min(rect.width / width, rect.height / height)
    fitted_width = max(2, min(rect.width, _even(round(width * scale))))
    fitted_height = max(2, min(rect.height, _even(round(height * scale))))
    x = rect.x + _even((rect.width - fitted_width) // 2)
    y = rect.y + _even((rect.height - fitted_height) // 2)
    return Rect(x, y, fitted_width, fitted_height)


def _grid(stage: Stage, size: Size) -> Arrangement:
    screens = [Subject(one, is_screen=True) for one in stage.screens[-MOST_TILES + 1 :]]
    room = MOST_TILES - len(screens)
    wanted = set(_most_wanted(stage, room))
    # Who keeps a tile keeps its place: by arrival, not by who speaks.
    people = [Subject(one) for one in stage.people if one in wanted]
    subjects = [*screens, *people]
    tiles = zip(_grid_rects(len(subjects), size), subjects, strict=True)
    return Arrangement(tuple(Tile(rect, subject) for rect, subject in tiles), len(stage.people) - len(people))


def _most_wanted(stage: Stage, count: int) -> tuple[str, ...]:
    """The speaker, then who spoke last, then by arrival."""
    here = set(stage.people)
    first = [one for one in (stage.speaker, *stage.heard) if one is not None and one in here]
    return tuple(dict.fromkeys([*first, *stage.people]))[:count]


def _grid_rects(count: int, size: Size) -> list[Rect]:
    if count == 0:
        return []
    margin = _margin(size)
    columns = max(range(1, count + 1), key=lambda columns: _tile_width(count, columns, size, margin))
    rows = -(-count // columns)
    tile = _aspect_inside(
        (size.width - (columns + 1) * margin) // columns, (size.height - (rows + 1) * margin) // rows
    )
    top = (size.height - rows * tile.height - (rows - 1) * margin) // 2
    rects = []
    for row in range(rows):
        in_row = min(columns, count - row * columns)
        left = (size.width - in_row * tile.width - (in_row - 1) * margin) // 2
        y = _even(top + row * (tile.height + margin))
        rects += [
            Rect(_even(left + column * (tile.width + margin)), y, tile.width, tile.height)
            for column in range(in_row)
        ]
    return rects


def _tile_width(count: int, columns: int, size: Size, margin: int) -> int:
    rows = -(-count // columns)
    width = (size.width - (columns + 1) * margin) // columns
    height = (size.height - (rows + 1) * margin) // rows
    return _aspect_inside(width, height).width if width > 0 and height > 0 else 0


def _large_and_strip(main: Subject, beside: Sequence[str], stage: Stage, size: Size) -> Arrangement:
    margin = _margin(size)
    shown = set(beside) | ({main.participant} if not main.is_screen else set())
    hidden = len(set(stage.people) - shown)
    if not beside:
        whole = _aspect_inside(size.width, size.height)
        return Arrangement((Tile(_centred(whole, 0, size.width, size), main),), hidden)
    # Five tiles and six margins have to find room in the height.
    most_height = (size.height - (MOST_IN_STRIP + 1) * margin) // MOST_IN_STRIP
    small = _aspect_inside(int(size.width * STRIP_SHARE), most_height)
    room = size.width - small.width - 3 * margin
    large = _aspect_inside(room, size.height - 2 * margin)
    tiles = [Tile(_centred(large, margin, room, size), main)]
    x = _even(size.width - margin - small.width)
    y = tiles[0].rect.y if len(beside) * (small.height + margin) <= large.height else margin
    for index, participant in enumerate(beside):
        rect = Rect(x, _even(y + index * (small.height + margin)), small.width, small.height)
        tiles.append(Tile(rect, Subject(participant)))
    return Arrangement(tuple(tiles), hidden)


def _centred(tile: Size, left: int, room: int, size: Size) -> Rect:
    x = left + (room - tile.width) // 2
    return Rect(_even(x), _even((size.height - tile.height) // 2), tile.width, tile.height)


def _aspect_inside(width: int, height: int) -> Size:
    """The largest 16:9 with even sides."""
    wide = min(width, height * ASPECT[0] // ASPECT[1])
    return Size(max(2, _even(wide)), max(2, _even(wide * ASPECT[1] // ASPECT[0])))


def _margin(size: Size) -> int:
    return max(2, _even(round(size.height * MARGIN_SHARE)))


def _even(value: int) -> int:
    return value & ~1
