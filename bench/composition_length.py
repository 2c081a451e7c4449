"""Does a composer's memory stay the same, however long the meeting is?

Meetings of 1, 4 and (with --long) 12 hours by their clock, of one camera and, each fifth minute, a voice:
pictures are small and few, so that it is the length that counts, and the film is small as well. Memory is the
most that the composer and the process that decodes had at one moment, as in bench/composition.py.

Usage: .venv/bin/python bench/composition_length.py [--long] [--json FILE] [HOURS …]
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import av

from bench._harness import report
from bench.composition import compose
from tests.support.recorded_meeting import Piece, counter_picture, microphone, us

CAMERA = (64, 36)
SEGMENT_SECONDS = 10
VOICE_SECONDS = 2
VOICE_EVERY_SECONDS = 300
FILM = {
    "PARLEY_COMPOSITION_WIDTH": "160",
    "PARLEY_COMPOSITION_HEIGHT": "90",
    "PARLEY_COMPOSITION_RATE": "5",
}
HOUR = 3600


def main() -> None:
    wanted = [one for one in sys.argv[1:] if one.isdecimal()]
    sys.argv = [one for one in sys.argv if one not in wanted]
    options = report.options(__doc__)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    os.environ.update(FILM)
    outcome = report.Report("Memory of composition by length")
    for hours in map(int, wanted) if wanted else (1, 4, 12) if options.long else (1, 4):
        run = compose(pieces(hours * HOUR), 1, hours * HOUR)
        text = f"{run.peak_bytes / 1e6:.0f} MB at most; {run.core_seconds:.0f} core-seconds"
        outcome.add(f"{hours} h", text, **vars(run))
    outcome.write(options.json)


def pieces(seconds: int) -> Iterator[Piece]:
    """Segments of the camera, and now and then a minute of voice."""
    picture = slow_camera()
    voice = microphone("par_0", 0, VOICE_SECONDS)[0]
    for start in range(0, seconds, SEGMENT_SECONDS):
        end_us = us(start + SEGMENT_SECONDS)
        yield Piece("trk_c", "par_0", "camera", "vp8", us(start), end_us, *CAMERA, picture)
    for minute in range(0, seconds, VOICE_EVERY_SECONDS):
        for start in range(minute, minute + 60, VOICE_SECONDS):
            yield replace(voice, track="trk_m", start_us=us(start), end_us=us(start + VOICE_SECONDS))


def slow_camera() -> bytes:
    """A picture a second."""
    file = io.BytesIO()
    options = {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0", "threads": "1"}
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libvpx", rate=1, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = CAMERA
        stream.pix_fmt = "yuv420p"
        for number in range(SEGMENT_SECONDS):
            frame = counter_picture(number, *CAMERA)
            frame.pts, frame.time_base = number, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


if __name__ == "__main__":
    main()
