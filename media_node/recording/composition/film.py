"""One film, minute by minute: what is seen and heard is decided here, and made by the decoding process.

A clip that the process cannot decode, or of which it dies, is marked in the catalog, and the minute is
made again with what another take has of it, or with the loss shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import structlog

from media_node.errors import JobError, WorkerError
from media_node.recording.composition.axis import Axis, Stretch
from media_node.recording.composition.catalog import Catalog, Clip
from media_node.recording.composition.fetching import Fetcher
from media_node.recording.composition.minute import MINUTE_US, Minute, first_packet_from, write_minute
from media_node.recording.composition.mp4 import Format
from media_node.recording.composition.plan import (
    HELD_US,
    BadClip,
    LocalClip,
    PicturePlan,
    PictureResult,
    Scene,
    SoundPlan,
    SoundResult,
)
from media_node.recording.composition.scenes import Shot, Speaking, Staging, scenes_of, shots
from media_node.recording.composition.sounding import LEAD_US
from media_node.recording.composition.speaker import HOP_US, Speaker
from media_node.recording.composition.worker_link import Worker
from media_node.recording.manifest import Span

log = structlog.get_logger()

SOUND_SOURCES = frozenset({"microphone", "screen_audio"})
# Sound is encoded a little beyond the minute's end.
TAIL_US = 100_000
# Each try takes at least one bad clip out; a minute with more of them is not worth the hours.
MOST_TRIES = 100
# Pictures in a sprite: twelve by twelve.
MOST_THUMBNAILS = 144
LEAST_THUMBNAIL_US = 2_000_000

Plan = TypeVar("Plan", SoundPlan, PicturePlan)
Result = TypeVar("Result", SoundResult, PictureResult)


class Film:
    """Makes minutes; those already made need not be known, but the speaker at the end of the last one."""

    def __init__(
        self, staging: Staging, axis: Axis, catalog: Catalog, fetcher: Fetcher, worker: Worker, folder: Path
    ) -> None:
        self._staging = staging
        self._axis = axis
        self._catalog = catalog
        self._fetcher = fetcher
        self._worker = worker
        self._folder = folder

    @property
    def minutes(self) -> int:
        return -(-self.end_tick // self._ticks_per_minute)

    @property
    def end_tick(self) -> int:
        return max(1, -(-self._axis.duration_us * self._staging.rate // 1_000_000))

    @property
    def thumbnail_us(self) -> int:
        """How long each thumbnail stands for, whole seconds."""
        seconds = -(-self._axis.duration_us // (MOST_THUMBNAILS * 1_000_000))
        return max(LEAST_THUMBNAIL_US, seconds * 1_000_000)

    @property
    def _ticks_per_minute(self) -> int:
        return 60 * self._staging.rate

    def make(self, number: int, speaker: Speaker, path: Path) -> Minute:
        """Write a minute's fragments into a file.

        Args:
            number: From 0, less than `minutes`.
            speaker: As it was at the end of the minute before; changed to what it is at the end of this one.

        Raises:
            JobError: Too much of the minute cannot be decoded.
            botocore's errors: S3 does not answer.
        """
        start_us = number * MINUTE_US
        end_us = min(start_us + MINUTE_US, self.end_tick * 1_000_000 // self._staging.rate)
        before = (speaker.current, tuple(speaker.heard))
        sound, mixed = self._until_whole(lambda: self._sound(start_us, end_us))
        changes = self._follow(speaker, mixed, start_us, end_us)
        speaking = Speaking(*before, changes)
        pictures, drawn = self._until_whole(lambda: self._pictures(number, end_us, speaking))
        pieces = write_minute(number, pictures, drawn, sound, mixed, path)
        self._fetcher.clear()
        size = self._staging.size
        what = Format(
            size.width,
            size.height,
            self._staging.rate,
            bytes.fromhex(drawn.config),
            bytes.fromhex(mixed.config),
        )
        state = dataclasses.asdict(speaker)
        return Minute(number, what, pieces, state, mixed.peaks, drawn.thumbnails)

    def _until_whole(self, make: Callable[[], tuple[Plan, Result] | None]) -> tuple[Plan, Result]:
        for _ in range(MOST_TRIES):
            made = make()
            if made is not None:
                return made
        raise JobError(f"a minute has more than {MOST_TRIES} segments that cannot be decoded", "undecodable")

    # Sound.

    def _sound(self, start_us: int, end_us: int) -> tuple[SoundPlan, SoundResult] | None:
        clips: dict[str, list[tuple[Clip, int]]] = {}
        for stretch in self._axis.between(start_us - LEAD_US, end_us + TAIL_US):
            if stretch.paused_us:
                continue
            wall = Span(stretch.wall_us, stretch.wall_end_us)
            for track in self._catalog.tracks(wall):
                if track.source in SOUND_SOURCES:
                    found = self._catalog.clips(track.id, wall)
                    clips.setdefault(track.id, []).extend((clip, stretch.shift_us) for clip in found)
        local = self._local(clips)
        if local is None:
            return None
        tracks, keys = local
        plan = SoundPlan(
            first_packet_from(start_us),
            first_packet_from(end_us),
            start_us,
            end_us,
            tracks,
            str(self._folder / "sound"),
        )
        result = self._ask(lambda: self._worker.ask_sound(plan), keys)
        return (plan, result) if result is not None else None

    def _follow(
        self, speaker: Speaker, mixed: SoundResult, start_us: int, end_us: int
    ) -> tuple[tuple[int, str], ...]:
        """Whose picture is the speaker's from when on, by film time."""
        levels: dict[str, list[float]] = {}
        for track in self._catalog.named(mixed.levels):
            if track.source != "microphone":
                continue
            known = levels.get(track.participant)
            new = mixed.levels[track.id]
            levels[track.participant] = (
                new if known is None else [max(two) for two in zip(known, new, strict=True)]
            )
        hops = -(-(end_us - start_us) // HOP_US)
        changes = speaker.follow(levels, hops)
        return tuple((start_us + hop * HOP_US, participant) for hop, participant in changes)

    # Pictures.

    def _pictures(
        self, number: int, end_us: int, speaking: Speaking
    ) -> tuple[PicturePlan, PictureResult] | None:
        staging = self._staging
        first = number * self._ticks_per_minute
        end = min(first + self._ticks_per_minute, self.end_tick)
        scenes: list[Scene] = []
        seen: list[tuple[Stretch, list[Shot]]] = []
        for stretch in self._axis.between(number * MINUTE_US, end_us):
            shown = (
                [] if stretch.paused_us else shots(self._catalog, Span(stretch.wall_us, stretch.wall_end_us))
            )
            scenes += scenes_of(staging, stretch, shown, speaking)
            seen.append((stretch, shown))
        local = self._local(_needed(scenes, seen, staging, end))
        if local is None:
            return None
        tracks, keys = local
        plan = PicturePlan(
            staging.size.width,
            staging.size.height,
            staging.rate,
            first,
            end,
            scenes,
            tracks,
            self._thumbnail_ticks(first, end),
            str(self._folder / "pictures"),
        )
        result = self._ask(lambda: self._worker.ask_pictures(plan), keys)
        return (plan, result) if result is not None else None

    def _thumbnail_ticks(self, first: int, end: int) -> list[int]:
        """The middle of each thumbnail's time, as far as it lies in these ticks."""
        each = self.thumbnail_us * self._staging.rate // 1_000_000
        count = -(-self.end_tick // each)
        ticks = [min(index * each + each // 2, self.end_tick - 1) for index in range(count)]
        return [tick for tick in ticks if first <= tick < end]

    # Clips.

    def _local(
        self, clips: dict[str, list[tuple[Clip, int]]]
    ) -> tuple[dict[str, list[LocalClip]], list[str]] | None:
        """The clips as files, and the keys of their segments by clip number; None when one is not whole."""
        if not self._fetcher.fetch(clip.segment for of_track in clips.values() for clip, _ in of_track):
            return None
        keys: list[str] = []
        tracks: dict[str, list[LocalClip]] = {}
        for track, of_track in clips.items():
            for clip, shift in of_track:
                tracks.setdefault(track, []).append(
                    LocalClip(
                        len(keys),
                        str(self._fetcher.path(clip.segment.key)),
                        clip.segment.codec,
                        clip.segment.start_us + shift,
                        clip.span.start_us + shift,
                        clip.span.end_us + shift,
                    )
                )
                keys.append(clip.segment.key)
        return tracks, keys

    def _ask(self, ask: Callable[[], Result], keys: list[str]) -> Result | None:
        """What the process made; None when clips turned out to be bad, which are then marked."""
        try:
            result = ask()
        except WorkerError as exc:
            if exc.clip is None or exc.clip >= len(keys):
                raise
            self._mark([BadClip(exc.clip, str(exc))], keys)
            return None
        self._mark(result.bad, keys)
        return None if result.bad else result

    def _mark(self, bad: Iterable[BadClip], keys: list[str]) -> None:
        for clip in bad:
            log.warning("segment_undecodable", key=keys[clip.number], reason=clip.text)
            self._catalog.mark_bad(keys[clip.number], clip.text)


def _needed(
    scenes: list[Scene], seen: list[tuple[Stretch, list[Shot]]], staging: Staging, end_tick: int
) -> dict[str, list[tuple[Clip, int]]]:
    """Clips of those tracks that are on the picture, from when they first are until they last are."""
    visible: dict[str, Span] = {}
    for scene, until in zip(scenes, [*(one.tick for one in scenes[1:]), end_tick], strict=True):
        start_us, end_us = staging.middle_us(scene.tick), staging.middle_us(until)
        for cell in scene.cells:
            if cell.track is not None:
                known = visible.get(cell.track, Span(start_us, end_us))
                visible[cell.track] = Span(known.start_us, end_us)
    needed: dict[str, list[tuple[Clip, int]]] = {}
    for stretch, shown in seen:
        for shot in shown:
            span = visible.get(shot.track.id)
            if span is None:
                continue
            for clip in shot.clips:
                start, end = clip.span.start_us + stretch.shift_us, clip.span.end_us + stretch.shift_us
                if end > span.start_us - HELD_US and start < span.end_us:
                    needed.setdefault(shot.track.id, []).append((clip, stretch.shift_us))
    return needed
