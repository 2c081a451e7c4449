"""Tracks joined to one file each: read by two demuxers, every picture counted, gaps kept as gaps."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
import pytest

from media_node.recording.composition.catalog import Piece as Known
from media_node.recording.composition.catalog import Segment
from media_node.recording.composition.joining import choose
from media_node.recording.manifest import Span
from tests.support.composing import OUTPUT, Studio
from tests.support.recorded_meeting import (
    BUCKET,
    CAMERA_RATE,
    STARTED_US,
    Take,
    camera,
    microphone,
    person,
    read_counter,
    timeline,
)

ANA = person("par_a", "Ana")


def joined(studio: Studio, *takes: Take, seconds: float = 10) -> dict[str, bytes]:
    """The joined files by the last part of their keys."""
    studio.put_timeline(timeline(seconds, [ANA]))
    studio.send([take.prefix for take in takes], kind="tracks")
    assert studio.composer().take_one(0)
    last = studio.told()[-1]
    assert last["state"] == "done", last
    prefix = last["files"]["tracks"]
    return {key.removeprefix(prefix): studio.read(key) for key in studio.keys(prefix)}


def counters(data: bytes) -> list[tuple[float, int | None]]:
    found = []
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            found.append((float(frame.time), read_counter(rows[:, : plane.width])))
    return found


def length_of(data: bytes) -> float:
    with av.open(io.BytesIO(data), "r") as container:
        assert container.duration is not None
        return container.duration / 1e6


def test_each_track_is_one_file_with_every_picture_and_its_own_length(studio: Studio):
    take = Take(studio.s3)
    take.write([*camera("par_a", 0, 10), *microphone("par_a", 1, 10)])
    files = joined(studio, take)
    assert len(files) == 2
    video = next(name for name in files if "-camera-" in name)
    sound = next(name for name in files if "-microphone-" in name)
    assert video.startswith(f"{STARTED_US:016d}-")
    assert "-par_a-" in video
    found = counters(files[video])
    assert [number for _, number in found] == list(range(10 * CAMERA_RATE))
    for seconds, number in found:
        assert number is not None
        assert seconds == pytest.approx(number / CAMERA_RATE, abs=0.002)
    assert length_of(files[video]) == pytest.approx(10, abs=0.1)
    assert length_of(files[sound]) == pytest.approx(9, abs=0.1)
    assert int(sound.split("-")[1]) == pytest.approx(9_000, abs=50)
    assert int(sound.split("-")[0]) - STARTED_US == pytest.approx(1_000_000, abs=30_000)


@pytest.mark.parametrize(("codec", "count"), [("vp9", 1), ("h264", 2), ("h265", 2)])
def test_pictures_that_change_their_size_can_all_be_decoded(studio: Studio, codec: Any, count: int):
    take = Take(studio.s3)
    small = camera("par_a", 0, 2, (320, 180), codec, track="trk_a")
    take.write([*small, *camera("par_a", 2, 4, (640, 360), codec, track="trk_a")])
    files = joined(studio, take, seconds=4)
    assert len(files) == count
    numbers = [number for name in sorted(files) for _, number in counters(files[name])]
    assert numbers == list(range(4 * CAMERA_RATE))
    assert sum(length_of(data) for data in files.values()) == pytest.approx(4, abs=0.1)


def test_what_was_not_recorded_is_a_gap_and_the_rest_keeps_its_time(studio: Studio):
    take = Take(studio.s3)
    take.write([*camera("par_a", 0, 4, track="trk_a"), *camera("par_a", 8, 10, track="trk_a")])
    (data,) = joined(studio, take).values()
    found = counters(data)
    assert len(found) == 6 * CAMERA_RATE
    assert all(seconds < 4 or seconds >= 7.99 for seconds, _ in found)
    assert length_of(data) == pytest.approx(10, abs=0.1)


def test_what_one_recorder_lost_is_taken_from_the_other(studio: Studio):
    first, second = Take(studio.s3), Take(studio.s3, prefix=Take.prefix.replace("a/", "b/"), role="backup")
    pieces = camera("par_a", 0, 10, track="trk_a")
    first.write([*pieces[:1], *pieces[3:]])
    second.write(pieces[1:])
    (data,) = joined(studio, first, second).values()
    assert [number for _, number in counters(data)] == list(range(10 * CAMERA_RATE))


def test_a_segment_that_was_changed_is_left_out_and_told_of(studio: Studio):
    take = Take(studio.s3)
    take.write(camera("par_a", 0, 10, track="trk_a"))
    key = take.entries[2].key
    studio.s3.put_object(Bucket=BUCKET, Key=key, Body=b"x" * take.entries[2].bytes)
    (data,) = joined(studio, take).values()
    missing = set(range(10 * CAMERA_RATE)) - {number for _, number in counters(data)}
    assert missing
    assert key in studio.faults()


def test_a_change_of_codec_begins_another_file(studio: Studio):
    take = Take(studio.s3)
    vp9: Any = camera("par_a", 4, 8, track="trk_a", codec="vp9")
    take.write([*camera("par_a", 0, 4, track="trk_a"), *vp9])
    files = joined(studio, take)
    assert sorted(round(length_of(data)) for data in files.values()) == [4, 4]
    assert len({name.split("-")[0] for name in files}) == 2


def a_piece(take: int, start: float, end: float, *lost: tuple[float, float]) -> Known:
    key = f"{take} {start}"
    segment = Segment(key, "trk", "vp8", round(start * 1e6), round(end * 1e6), 1, "")
    return Known(take, segment, tuple(Span(round(one * 1e6), round(two * 1e6)) for one, two in lost))


def chosen(*pieces: Known) -> list[tuple[str, float, float]]:
    ordered = sorted(pieces, key=lambda one: (one.segment.start_us, one.take))
    return [(clip.segment.key, clip.span.start_us / 1e6, clip.span.end_us / 1e6) for clip in choose(ordered)]


def test_takes_are_changed_where_segments_begin_and_only_for_what_is_worth_it():
    assert chosen() == []
    whole = [a_piece(0, 0, 2), a_piece(0, 2, 4), a_piece(0, 4, 6)]
    other = [a_piece(1, 0.5, 2.5), a_piece(1, 2.5, 4.5), a_piece(1, 4.5, 6.5)]
    alone = [("0 0", 0, 2), ("0 2", 2, 4), ("0 4", 4, 6)]
    assert chosen(*whole) == alone
    assert chosen(*whole, *other[:2]) == alone
    lossy = [whole[0], a_piece(0, 2, 4, (2.5, 4)), whole[2]]
    assert chosen(*lossy, *other[:2]) == [
        ("0 0", 0, 0.5),
        ("1 0.5", 0.5, 2.5),
        ("1 2.5", 2.5, 4),
        ("0 4", 4, 6),
    ]
    assert chosen(whole[0], whole[2]) == [("0 0", 0, 2), ("0 4", 4, 6)]


def test_of_a_long_track_in_two_takes_one_is_chosen_throughout():
    begins = [(take, at * 2 + take / 2) for at in range(1_800) for take in (0, 1)]
    pieces = [a_piece(take, begin, begin + 2) for take, begin in begins]
    found = chosen(*pieces)
    assert len({key.split()[0] for key, _, _ in found[5:-5]}) == 1
    assert len(found) in range(1_800, 1_803)


def test_of_a_job_that_another_composer_began_only_the_rest_is_done(studio: Studio):
    take = Take(studio.s3)
    take.write([*camera("par_a", 0, 2, track="trk_a"), *camera("par_a", 0, 2, track="trk_b")])
    studio.put_timeline(timeline(2, [ANA]))
    studio.send([take.prefix], kind="tracks")
    composer = studio.composer()
    composer.stop()
    assert composer.take_one(0)
    before = studio.keys(f"{OUTPUT}tracks/")
    assert len(before) == 1
    assert studio.composer().take_one(0)
    after = studio.keys(f"{OUTPUT}tracks/")
    assert len(after) == 2
    assert before.items() <= after.items()
    assert [one["state"] for one in studio.told()] == ["running", "running", "done"]
