"""Each track as one file: its segments put one behind the other, nothing decoded or encoded.

A file begins at 0 with the track's first segment and keeps its time: what was lost or silent is a gap in its
timestamps. Where a track changes its codec, or what a decoder has to be told before, another file begins.
Matroska, as the segments are: every player of their codecs reads it, and it takes timestamps as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import structlog
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Stream

from media_node.errors import JobError
from media_node.recording.composition.axis import merged
from media_node.recording.composition.catalog import Catalog, Clip, Piece, Track
from media_node.recording.composition.fetching import Fetcher
from media_node.recording.manifest import Span

log = structlog.get_logger()

# Segments that lie on the disk at once: some minutes.
BATCH = 100
# A segment overlaps fewer of another take than that.
MOST_OVERLAPS = 16
# What decoders of these need before the first picture stands in the file's head, where it is told once.
TOLD_BEFORE = frozenset({"h264", "h265", "av1"})
MILLISECOND = Fraction(1, 1000)
# Another take's segment is not worth a change for less.
CHANGE_US = 60_000
# Each try takes at least one bad segment out.
MOST_TRIES = 100


@dataclass(frozen=True)
class Joined:
    """A file that was written, and what of the track is in it."""

    path: Path
    start_us: int
    end_us: int


class Joiner:
    """Writes the files of one track after the other into a folder."""

    def __init__(self, catalog: Catalog, fetcher: Fetcher, folder: Path) -> None:
        self._catalog = catalog
        self._fetcher = fetcher
        self._folder = folder

    def join(self, track: Track, publish: Callable[[Joined], None]) -> None:
        """Write a track; each file is handed on when it is whole, and may be deleted then.

        Raises:
            JobError: Too many of its segments cannot be read.
            botocore's errors: S3 does not answer.
        """
        for _ in range(MOST_TRIES):
            chosen = choose(self._catalog.pieces(track.id))
            files = self._written(chosen)
            if files is None:
                continue
            for one in files:
                publish(one)
                one.path.unlink()
            return
        raise JobError(f"a track has more than {MOST_TRIES} segments that cannot be read", "undecodable")

    def _written(self, chosen: Sequence[Clip]) -> list[Joined] | None:
        """The files; None when a segment turned out to be bad, which is then marked."""
        files = _Files(self._folder)
        try:
            for clip in self._fetched(chosen):
                if clip is None:
                    return None
                try:
                    files.append(clip, self._fetcher.path(clip.segment.key))
                except FFmpegError as exc:
                    log.warning("segment_unreadable", key=clip.segment.key, reason=str(exc))
                    self._catalog.mark_bad(clip.segment.key, f"it cannot be read: {exc}")
                    return None
        finally:
            files.close()
        return files.joined

    def _fetched(self, clips: Sequence[Clip]) -> Iterator[Clip | None]:
        """The clips, with their segments on the disk; None for one that is not whole."""
        for start in range(0, len(clips), BATCH):
            batch = clips[start : start + BATCH]
            is_whole = self._fetcher.fetch(clip.segment for clip in batch)
            yield from batch if is_whole else [None]
            self._fetcher.clear()


def choose(pieces: Sequence[Piece]) -> list[Clip]:
    """The segments that together hold the most of a track, each until the next one begins.

    Video can begin with whole segments alone, as each begins with a keyframe; so takes are changed there.
    Of several ways the one with the most time that was not lost, then with the fewest changes of take.
    Cost: O(n).
    """
    if not pieces:
        return []
    held = [0] * len(pieces)
    before = [-1] * len(pieces)
    for number, piece in enumerate(pieces):
        for earlier in range(max(0, number - MOST_OVERLAPS), number):
            change = CHANGE_US if pieces[earlier].take != piece.take else 0
            value = held[earlier] + _kept_us(pieces[earlier], piece.segment.start_us) - change
            if value > held[number] or before[number] < 0 <= value:
                held[number], before[number] = value, earlier
    totals = [held[at] + _kept_us(piece, piece.segment.end_us) for at, piece in enumerate(pieces)]
    way = [max(range(len(pieces)), key=totals.__getitem__)]
    while before[way[-1]] >= 0:
        way.append(before[way[-1]])
    segments = [pieces[number].segment for number in reversed(way)]
    clips = [
        Clip(one, Span(one.start_us, min(one.end_us, following.start_us)))
        for one, following in pairwise(segments)
    ]
    last = segments[-1]
    return [clip for clip in [*clips, Clip(last, Span(last.start_us, last.end_us))]
            if clip.span.end_us > clip.span.start_us]  # fmt: skip


def _kept_us(piece: Piece, until_us: int) -> int:
    """How much of a segment there is before a moment, without what was lost."""
    segment = piece.segment
    end = min(segment.end_us, until_us)
    if not piece.lost:
        return max(0, end - segment.start_us)
    lost = merged([Span(max(one.start_us, segment.start_us), min(one.end_us, end)) for one in piece.lost])
    return max(0, end - segment.start_us) - sum(one.end_us - one.start_us for one in lost)


class _Files:
    """The file that is written, and those before it: one for each kind of packets that the track had."""

    def __init__(self, folder: Path) -> None:
        self.joined: list[Joined] = []
        self._folder = folder
        self._output: OutputContainer | None = None
        self._stream: Stream | None = None
        self._kind: tuple[str, bytes] | None = None
        # The time of the last packet, milliseconds of the file.
        self._last = 0

    def append(self, clip: Clip, path: Path) -> None:
        """Copy a clip's packets."""
        with av.open(str(path)) as source:
            template = source.streams[0]
            output, stream = self._open(clip, template)
            start_us = self.joined[-1].start_us
            for packet in source.demux(template):
                if packet.pts is None or packet.time_base is None:
                    continue
                at_us = clip.segment.start_us + int(packet.pts * packet.time_base * 1_000_000)
                if at_us >= clip.span.end_us:
                    continue
                # Segments overlap by the drift of clocks: a file's time never goes back.
                self._last = max(self._last, (at_us - start_us) // 1000)
                packet.stream = stream
                packet.time_base = MILLISECOND
                packet.pts = packet.dts = self._last
                output.mux(packet)
        self.joined[-1] = replace(self.joined[-1], end_us=clip.span.end_us)

    def close(self) -> None:
        if self._output is not None:
            self._output.close()
            self._output = None

    def _open(self, clip: Clip, template: Stream) -> tuple[OutputContainer, Stream]:
        """The file that goes on, or another one where a decoder would have to be told something else."""
        codec = clip.segment.codec
        told = template.codec_context.extradata or b"" if codec in TOLD_BEFORE else b""
        if self._output is None or self._stream is None or self._kind != (codec, told):
            self.close()
            path = self._folder / f"joined-{len(self.joined)}.mkv"
            self._output = av.open(str(path), "w", format="matroska")
            self._stream = self._output.add_stream_from_template(template)
            self._kind, self._last = (codec, told), 0
            self.joined.append(Joined(path, clip.span.start_us, clip.span.end_us))
        return self._output, self._stream
