"""Text beside the film: chapters, chat and the index of thumbnails as WebVTT, the waveform as JSON.

Pure. Source: WebVTT (W3C); the waveform is in the format of BBC audiowaveform, version 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from media_node.recording.composition.axis import Axis
from media_node.recording.composition.catalog import Track
from media_node.recording.composition.mixing import HOP_SAMPLES
from media_node.recording.composition.plan import SAMPLE_RATE
from media_node.recording.composition.timeline import UNSEEN_ROLES, Moment, Timeline
from media_node.recording.manifest import Message, Span

# What happens closer together is one chapter.
LEAST_CHAPTER_US = 10_000_000
# A message is shown so long, or until the next one.
MESSAGE_US = 8_000_000
# A player draws a thousand or two columns.
MOST_PEAKS = 4000


def chapters(timeline: Timeline, axis: Axis, screens: Iterable[Track], holes: Sequence[Span]) -> str:
    """Begin, who came and went, shared screens, pauses and losses."""
    moments = [Moment("Start", axis.started_us)]
    for person in timeline.people.values():
        if person.role in UNSEEN_ROLES:
            continue
        for span in person.here:
            moments.append(Moment(f"{person.name_at(span.start_us)} joined", span.start_us))
            moments.append(Moment(f"{person.name_at(span.end_us)} left", span.end_us))
    for track in screens:
        name = timeline.name(track.participant, track.start_us)
        moments.append(Moment(f"{name} shares the screen", track.start_us))
        moments.append(Moment(f"{name} stopped sharing", track.end_us))
    for pause in timeline.pauses:
        moments.append(Moment("Recording paused", pause.start_us))
    for hole in holes:
        moments.append(Moment("Picture lost", hole.start_us))
    inside = [one for one in moments if axis.started_us <= one.at_us < axis.ended_us]
    cues: list[tuple[int, str]] = []
    for moment in sorted(inside, key=lambda one: one.at_us):
        film_us = axis.film_us(moment.at_us)
        if cues and film_us - cues[-1][0] < LEAST_CHAPTER_US:
            cues[-1] = (cues[-1][0], f"{cues[-1][1]}, {moment.text}")
        else:
            cues.append((film_us, moment.text))
    return _vtt(_until_next(cues, axis.duration_us))


def chat(timeline: Timeline, axis: Axis, messages: Iterable[Message]) -> str:
    """What was written to everybody, by time."""
    cues = []
    for message in messages:
        if not axis.started_us <= message.at_us < axis.ended_us:
            continue
        film_us = axis.film_us(message.at_us)
        name = _escaped(timeline.name(message.participant, message.at_us))
        cues.append((film_us, f"<v {name}>{_escaped(message.text)}"))
    shown = _until_next(cues, axis.duration_us)
    return _vtt([(start, min(end, start + MESSAGE_US), text) for start, end, text in shown], escaped=True)


def thumbnails(
    name: str, count: int, columns: int, size: tuple[int, int], interval_us: int, duration_us: int
) -> str:
    """Where in the sprite the picture of each time is, as a media fragment `#xywh=`."""
    width, height = size
    cues = []
    for index in range(count):
        x, y = index % columns * width, index // columns * height
        start = index * interval_us
        cues.append((start, min(start + interval_us, duration_us), f"{name}#xywh={x},{y},{width},{height}"))
    return _vtt(cues, escaped=True)


def waveform(peaks: Sequence[int]) -> str:
    """Columns of the same length, each with its least and its largest sample, -127 to 127."""
    step = max(1, -(-len(peaks) // MOST_PEAKS))
    largest = [max(peaks[at : at + step]) for at in range(0, len(peaks), step)]
    return json.dumps(
        {
            "version": 2,
            "channels": 1,
            "sample_rate": SAMPLE_RATE,
            "samples_per_pixel": HOP_SAMPLES * step,
            "bits": 8,
            "length": len(largest),
            "data": [value for peak in largest for value in (-peak, peak)],
        },
        separators=(",", ":"),
    )


def _until_next(cues: Sequence[tuple[int, str]], end_us: int) -> list[tuple[int, int, str]]:
    ends = [*(start for start, _ in cues[1:]), end_us][: len(cues)]
    # A cue has to last: messages in one moment share it by a millisecond each.
    return [(start, max(end, start + 1000), text) for (start, text), end in zip(cues, ends, strict=True)]


def _vtt(cues: Iterable[tuple[int, int, str]], escaped: bool = False) -> str:
    blocks = [
        f"{_stamp(start)} --> {_stamp(end)}\n{text if escaped else _escaped(text)}\n"
        for start, end, text in cues
    ]
    return "WEBVTT\n\n" + "\n".join(blocks)


def _stamp(time_us: int) -> str:
    ms = time_us // 1000
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def _escaped(text: str) -> str:
    """As cue text: no markup, no line that ends a cue."""
    one_line = " ".join(text.split())
    return one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
