"""Names of all scripts: drawn with a font that has their letters, in the order in which they are read."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from media_node.recording.composition import lettering
from media_node.recording.composition.drawing import initials, label
from media_node.recording.composition.layout import Size
from media_node.recording.composition.lettering import FILES, HAS_SHAPING, fitted, line

NAMES = {
    "Latin": "Zoë Šťastná",
    "Greek": "Ελένη",
    "Cyrillic": "Дмитрий",
    "Chinese": "王小明",
    "Japanese": "山田たろう",
    "Korean": "김민준",
    "Arabic": "محمد علي",
    "Hebrew": "שרה כהן",
    "Devanagari": "प्रिया शर्मा",
    "Bengali": "রহিম",
    "Thai": "สมชาย",
    "Georgian": "გიორგი",
    "emoji": "😀🎉",
}
# No script has it.
NOWHERE = "\U0010fffd"
SIZE = 32


def pixels(text: str) -> np.ndarray:
    drawn = line(text, SIZE)
    image = Image.new("RGB", (round(drawn.width) + 8, 64))
    drawn.draw(ImageDraw.Draw(image), 4, 48, (255, 255, 255))
    return np.asarray(image.convert("L"))


def ink(text: str) -> np.ndarray:
    """What is drawn, cut out."""
    found = pixels(text) > 64
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    return found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_letter_of_a_name_is_the_box_of_one_that_is_missing(name: str):
    boxes = [ink_of_box(path) for path in FILES]
    for letter in {one for one in name if one.isalpha() or ord(one) > 0xFFFF}:
        found = ink(letter)
        assert not any(np.array_equal(found, box) for box in boxes), letter
        assert found.sum() > 20


def ink_of_box(path: object) -> np.ndarray:
    """What a font draws for a letter that it has not."""
    run = lettering.Run(NOWHERE, path, False)  # type: ignore[arg-type]
    drawn = lettering.Line((run,), SIZE)
    image = Image.new("RGB", (round(drawn.width) + 8, 64))
    drawn.draw(ImageDraw.Draw(image), 4, 48, (255, 255, 255))
    found = np.asarray(image.convert("L")) > 64
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    return found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if rows.size else found[:1, :1]


def test_a_letter_that_no_font_has_is_a_box_and_no_fault():
    assert np.array_equal(ink(NOWHERE), ink_of_box(FILES[0]))


@pytest.mark.skipif(not HAS_SHAPING, reason="the system has no FriBidi")
def test_arabic_letters_are_joined():
    joined, apart = line("بيت", SIZE).width, sum(line(one, SIZE).width for one in "بيت")
    assert joined < 0.9 * apart


def order(text: str) -> list[str]:
    """What stands from left to right, run by run."""
    return [run.text.strip() for run in line(text, SIZE).runs if run.text.strip()]


def test_hebrew_is_read_from_the_right_and_what_is_latin_in_it_from_the_left():
    assert order("שרה Ana כהן") == ["כהן", "Ana", "שרה"]
    assert order("Ana שרה Bo") == ["Ana", "שרה", "Bo"]
    assert [run.is_leftward for run in line("Ana שרה", SIZE).runs] == [False, True]


def test_two_fonts_of_one_direction_are_turned_around_as_a_whole():
    assert order("Ana שרה محمد Bo") == ["Ana", "محمد", "שרה", "Bo"]


def test_what_has_no_direction_stays_between_its_neighbours():
    assert order("王小明 (Ana)") == ["王小明 (", "Ana)"]
    assert "".join(run.text for run in line("Ana-Bo 3", SIZE).runs) == "Ana-Bo 3"


def test_a_name_that_is_too_long_keeps_its_begin_and_has_room_in_every_script():
    for name in NAMES.values():
        whole = line(name * 9, SIZE)
        cut = fitted(name * 9, SIZE, whole.width / 3)
        assert cut.width <= whole.width / 3
        assert "…" in "".join(run.text for run in cut.runs)
        assert label(name * 9, Size(300, 168))[0].shape[1] <= 300


def test_marks_stay_with_their_letters():
    assert fitted("प्रि" * 20, SIZE, 200).width <= 200
    assert initials("👩🏽‍💻 शर्मा") == "श"
    assert initials("é́lan Ö") == "É́Ö"
