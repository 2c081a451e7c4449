"""The film's time against the wall clock: pauses are cut to a short card, all else runs as it ran.

Pure. Film time is microseconds from the first picture; wall-clock time is microseconds since the Unix epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from media_node.recording.manifest import Span

# A viewer reads the card in that time; nobody sits through the pause itself.
PAUSE_CARD_US = 3_000_000


@dataclass(frozen=True)
class Stretch:
    """A part of the film: `[start_us, end_us)` of it shows what happened from `wall_us` on, or a pause."""

    start_us: int
    end_us: int
    wall_us: int
    # How long people had paused the recording; 0 where it ran.
    paused_us: int = 0

    @property
    def shift_us(self) -> int:
        """What makes wall-clock time film time."""
        return self.start_us - self.wall_us

    @property
    def wall_end_us(self) -> int:
        return self.wall_us + (self.paused_us or self.end_us - self.start_us)


class Axis:
    """The whole film, stretch by stretch."""

    def __init__(self, started_us: int, ended_us: int, pauses: Sequence[Span] = ()) -> None:
        self.started_us = started_us
        self.ended_us = max(started_us, ended_us)
        self.stretches = tuple(_stretches(started_us, self.ended_us, merged(pauses)))
        self.duration_us = self.stretches[-1].end_us if self.stretches else 0

    def film_us(self, wall_us: int) -> int:
        """When the film shows a moment: of a pause, the card's begin; outside of all, the film's ends."""
        for stretch in self.stretches:
            if wall_us < stretch.wall_end_us:
                inside = 0 if stretch.paused_us else max(0, wall_us - stretch.wall_us)
                return stretch.start_us + inside
        return self.duration_us

    def between(self, start_us: int, end_us: int) -> list[Stretch]:
        """The stretches of a part of the film, cut to it."""
        cut = []
        for stretch in self.stretches:
            start, end = max(start_us, stretch.start_us), min(end_us, stretch.end_us)
            if start >= end:
                continue
            wall = stretch.wall_us if stretch.paused_us else start - stretch.shift_us
            cut.append(Stretch(start, end, wall, stretch.paused_us))
        return cut


def merged(spans: Sequence[Span], slack_us: int = 0) -> list[Span]:
    """The same time in spans that ascend and do not touch; holes up to `slack_us` are closed."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start_us):
        if span.end_us <= span.start_us:
            continue
        if joined and span.start_us <= joined[-1].end_us + slack_us:
            joined[-1] = Span(joined[-1].start_us, max(joined[-1].end_us, span.end_us))
        else:
            joined.append(span)
    return joined


def without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """What is left of a span when others, ascending and apart, are taken out of it."""
    left, start = [], span.start_us
    for one in taken:
        if one.end_us <= start:
            continue
        if one.start_us >= span.end_us:
            break
        if one.start_us > start:
            left.append(Span(start, one.start_us))
        start = max(start, one.end_us)
    if start < span.end_us:
        left.append(Span(start, span.end_us))
    return left


def _stretches(started_us: int, ended_us: int, pauses: Sequence[Span]) -> list[Stretch]:
    stretches: list[Stretch] = []
    film, wall = 0, started_us
    for pause in [*pauses, Span(ended_us, ended_us)]:
        start, end = max(wall, min(pause.start_us, ended_us)), min(pause.end_us, ended_us)
        if start > wall:
            stretches.append(Stretch(film, film + start - wall, wall))
            film += start - wall
        if end > start:
            card = min(PAUSE_CARD_US, end - start)
            stretches.append(Stretch(film, film + card, start, paused_us=end - start))
            film += card
        wall = max(wall, end)
    return stretches
