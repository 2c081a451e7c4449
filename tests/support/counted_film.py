"""What a film shows and lets be heard, for tests not in Python: `python -m tests.support.counted_film`.

Reads from standard input `{"film": URL, "segments": [URL, …], "camera": [width, height]}`: a film of one
participant in the layout `share`, what was recorded of its camera and screen, and the camera's size. Writes:

- `pictures`: `[seconds, {place: counter}]` of each picture of the film, null where a place shows no counter
- `tones`: `[seconds, Hz]` of each beep
- `recorded`: the counters of each segment's pictures
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from media_node.recording.composition.layout import Rect, Size, Stage, arrange, fit
from tests.support.composing import Film
from tests.support.recorded_meeting import read_counter

FILM = Size(1280, 720)
WHO = "par_a"


def main() -> int:
    wanted = json.load(sys.stdin)
    places = places_of(*wanted["camera"])
    with tempfile.TemporaryDirectory() as name, httpx.Client(timeout=60) as client:
        film = fetched(client, wanted["film"], Path(name) / "film.mp4")
        pictures = [
            [at, {place: read(luma, rect) for place, rect in places.items()}] for at, luma in film.each_luma()
        ]
        recorded = []
        for url in wanted["segments"]:
            segment = fetched(client, url, Path(name) / "segment.mkv")
            recorded.append([read_counter(luma) for _, luma in segment.each_luma()])
        json.dump({"pictures": pictures, "tones": film.tones(), "recorded": recorded}, sys.stdout)
    return 0


def places_of(width: int, height: int) -> Mapping[str, Rect]:
    """Where a counter may stand: of a camera alone, turned, beside a screen, and of the screen."""
    [alone] = arrange("share", Stage((WHO,), speaker=WHO), FILM).tiles
    shared, beside = arrange("share", Stage((WHO,), (WHO,), speaker=WHO), FILM).tiles
    return {
        "alone": alone.rect,
        "turned": fit(height, width, alone.rect),
        "shared": shared.rect,
        "beside": beside.rect,
    }


def read(luma: Any, rect: Rect) -> int | None:
    return read_counter(luma[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width])


def fetched(client: httpx.Client, url: str, path: Path) -> Film:
    path.write_bytes(client.get(url).raise_for_status().content)
    return Film(path, {})


if __name__ == "__main__":
    sys.exit(main())
