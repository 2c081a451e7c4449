"""Films decoded and held to the counters in their pictures and the beeps in their sound."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import av
import numpy as np
import pytest

from media_node.recording.manifest import Gap, Health, Message, Span
from tests.support.composing import OUTPUT, Studio, counter
from tests.support.recorded_meeting import (
    BUCKET,
    CAMERA_RATE,
    RECORDING,
    SAMPLE_RATE,
    Piece,
    Take,
    camera,
    event,
    microphone,
    moment,
    person,
    timeline,
    us,
)

ANA, BO = person("par_a", "Ana"), person("par_b", "Bo")
BOTH = ("par_a", "par_b")
# A film's picture is shown for 40 ms: half of it early, half of it late, and a camera's frame in between.
MOST_LATE = 0.021


def assert_in_step(found: list[tuple[float, int | None]]) -> None:
    """Every picture shows the camera's frame of its moment: none lost, none out of order."""
    for seconds, number in found:
        assert number is not None, f"no counter at {seconds}"
        shown = seconds + 0.02
        # Matroska keeps milliseconds.
        assert -0.002 < shown - number / CAMERA_RATE < 1 / CAMERA_RATE + 0.002, (seconds, number)


def test_every_frame_is_in_order_and_sound_stays_with_it_over_the_seam_of_two_minutes(studio: Studio):
    take = Take(studio.s3)
    take.write([*camera("par_a", 0, 64), *microphone("par_a", 0, 64), *camera("par_b", 0, 64)])
    film = studio.compose(timeline(64, [ANA, BO]), [take.prefix])
    found = [(seconds, counter(luma, BOTH, index)) for seconds, luma in film.lumas() for index in range(2)]
    assert len(found) == 2 * 64 * 25
    assert_in_step(found)
    beeps = film.beeps()
    assert len(beeps) == 64
    for second, beep in enumerate(beeps):
        # The camera's frame of the whole second is shown within MOST_LATE of it.
        assert abs(beep - second) + MOST_LATE < 0.040
    assert film.files["durationSeconds"] == 64


def test_a_camera_with_temporal_layers_shows_the_frame_of_each_moment(studio: Studio):
    """What is nobody's base and what no tick shows is not decoded; nothing that is shown is missing."""
    layers = (
        "ts_number_layers=3:ts_target_bitrate=300,420,600:ts_rate_decimator=4,2,1:ts_periodicity=4"
        ":ts_layer_id=0,2,1,2:ts_layering_mode=3"
    )
    take = Take(studio.s3)
    studio.rate = 12
    take.write(camera("par_a", 0, 6, (640, 360), layers=layers))
    film = studio.compose(timeline(6, [ANA]), [take.prefix])
    found = [(at, counter(luma, ("par_a",), 0)) for at, luma in film.lumas()]
    assert len(found) == 72
    for seconds, number in found:
        assert number is not None
        shown = seconds + 1 / 24
        assert -0.002 < shown - number / CAMERA_RATE < 1 / CAMERA_RATE + 0.002, (seconds, number)


def test_people_come_and_go_and_turn_cameras_off_at_the_right_moments(studio: Studio):
    take = Take(studio.s3)
    take.write([*camera("par_a", 0, 4), *camera("par_b", 2, 6)])
    log = [
        event(1, "participant.joined", -5, participant=ANA),
        event(2, "participant.joined", 2, participant=BO),
        event(3, "participant.left", 6, participant=BO),
        event(4, "meeting.ended", 8),
    ]
    film = studio.compose(timeline(8, [ANA, BO], log), [take.prefix])

    lumas = film.lumas()

    def shown(seconds: float) -> list[bool]:
        """Whether each tile has the picture of that moment, of as many tiles as there are."""
        luma = next(luma for at, luma in reversed(lumas) if at <= seconds)
        whole = counter(luma, ("par_a",), 0)
        if is_now(whole, seconds) or not has_two_tiles(luma):
            return [is_now(whole, seconds)]
        return [is_now(counter(luma, BOTH, index), seconds) for index in range(2)]

    def is_now(number: int | None, seconds: float) -> bool:
        return number is not None and abs(number / CAMERA_RATE - seconds) < 0.1

    def has_two_tiles(luma: Any) -> bool:
        """Above two tiles side by side there is nothing."""
        return bool(luma[20].std() < 2)

    assert shown(1.92) == [True]
    assert shown(2.04) == [True, True]
    # A camera is held for half a second before the avatar takes its place.
    assert shown(3.92) == [True, True]
    assert shown(4.6) == [False, True]
    assert shown(5.92) == [False, True]
    assert shown(6.6) == [False]
    chapters = studio.read(film.files["chapters"]).decode()
    assert "Bo joined" in chapters
    assert "Bo left" in chapters


def test_a_pause_is_a_short_card_and_what_follows_it_is_in_step(studio: Studio):
    take = Take(studio.s3)
    take.write(
        [*camera("par_a", 0, 4), *camera("par_a", 14, 18, track="trk_2"), *microphone("par_a", 14, 18)]
    )
    film = studio.compose(timeline(18, [ANA], pauses=[(4, 14)]), [take.prefix])
    lumas = film.lumas()
    assert film.files["durationSeconds"] == 11
    assert all(counter(luma, ("par_a",), 0) is None for at, luma in lumas if 4 <= at < 7)
    after = [(at + 7, counter(luma, ("par_a",), 0)) for at, luma in lumas if at >= 7]
    assert_in_step(after)
    assert [round(beep, 1) for beep in film.beeps()] == [7, 8, 9, 10]


def test_a_layout_that_a_host_chose_half_way_is_the_films_from_that_moment_on(studio: Studio):
    take = Take(studio.s3)
    take.write(
        [
            *camera("par_a", 0, 8),
            *camera("par_b", 0, 8),
            *microphone("par_a", 0, 8, ((0, 8),), beeps=False),
        ]
    )
    changes = [{"at": moment(6), "layout": "speaker"}, {"at": moment(4), "layout": "grid"}]
    film = studio.compose(timeline(8, [ANA, BO]), [take.prefix], "speaker", rearrangements=changes)
    seen: dict[str, list[float]] = {"grid": [], "speaker": []}
    for at, luma in film.lumas():
        for layout, times in seen.items():
            stage: dict[str, Any] = {} if layout == "grid" else {"speaker": "par_a"}
            numbers = [counter(luma, BOTH, index, layout, **stage) for index in range(2)]
            if all(number is not None and abs(number / CAMERA_RATE - at) < 0.1 for number in numbers):
                times.append(round(at, 2))
    assert seen["grid"] == [round(4 + tick / 25, 2) for tick in range(50)]
    assert seen["speaker"] == [round(tick / 25, 2) for tick in (*range(100), *range(150, 200))]
    again = studio.compose(timeline(8, [ANA, BO]), [take.prefix], "grid", output="compositions/again/")
    assert all(counter(luma, BOTH, 1, "grid") is not None for at, luma in again.lumas() if at > 7)


def test_the_speaker_is_large_from_the_moment_somebody_speaks(studio: Studio):
    take = Take(studio.s3)
    take.write(
        [
            *camera("par_a", 0, 12),
            *microphone("par_a", 0, 12, ((0, 5),), beeps=False),
            *microphone("par_b", 0, 12, ((6, 12),), beeps=False),
        ]
    )
    film = studio.compose(timeline(12, [ANA, BO]), [take.prefix], "speaker")
    large = [(at, counter(luma, BOTH, 0, "speaker", speaker="par_a")) for at, luma in film.lumas()]
    # Ana has a camera, Bo has none: while he speaks the large tile is his avatar.
    assert_in_step([(at, number) for at, number in large if at < 6])
    assert all(number is None for at, number in large if at > 6.3)
    state = json.loads(studio.read(f"{OUTPUT}minutes/00000.json"))["speaker"]
    assert state["current"] == "par_b"
    assert state["heard"] == ["par_b", "par_a"]


def test_a_shared_screen_is_large_while_it_is_shared(studio: Studio):
    take = Take(studio.s3)
    screen = camera("par_a", 2, 6, (640, 360), "h264", "screen")
    take.write([*screen, *camera("par_b", 0, 8, codec="vp9")])
    film = studio.compose(timeline(8, [ANA, BO]), [take.prefix], "share")
    during = [
        (at, counter(luma, BOTH, 0, "share", screens=("par_a",)))
        for at, luma in film.lumas()
        if 2 <= at < 5.9
    ]
    assert_in_step(during)
    chapters = studio.read(film.files["chapters"]).decode()
    assert "Ana shares the screen" in chapters


def test_what_one_take_lost_is_taken_from_the_other(studio: Studio):
    pieces = [*camera("par_a", 0, 8), *microphone("par_a", 0, 8)]
    first = Take(studio.s3)
    first.write(pieces)
    backup = Take(studio.s3, prefix=f"nodes/node_b/rec_a-{'b' * 26}/", role="backup")
    # The other node began at another moment: its segments end elsewhere.
    backup.write([*camera("par_a", 0, 1), *camera("par_a", 1, 8), *microphone("par_a", 0, 8)])
    studio.s3.delete_object(Bucket=BUCKET, Key=first.entries[2].key)
    damaged = first.entries[-1].key
    studio.s3.put_object(Bucket=BUCKET, Key=damaged, Body=b"changed")
    film = studio.compose(timeline(8, [ANA]), [first.prefix, backup.prefix])
    assert_in_step([(at, counter(luma, ("par_a",), 0)) for at, luma in film.lumas()])
    assert len(film.beeps()) == 8
    assert "missing" in studio.faults()
    assert "changed" in studio.faults()


def test_a_voice_in_packets_of_120_ms_stays_with_its_pictures(studio: Studio):
    take = Take(studio.s3)
    take.write([*camera("par_a", 0, 8), *microphone("par_a", 0, 8, packet_samples=5760)])
    film = studio.compose(timeline(8, [ANA]), [take.prefix])
    assert_in_step([(at, counter(luma, ("par_a",), 0)) for at, luma in film.lumas()])
    beeps = film.beeps()
    assert len(beeps) == 8
    assert all(abs(beep - second) + MOST_LATE < 0.040 for second, beep in enumerate(beeps))


@pytest.mark.parametrize("packet_ms", [60, 120])
def test_a_voice_in_long_packets_has_no_hole_where_takes_change(studio: Studio, packet_ms: int):
    first, backup = Take(studio.s3), Take(studio.s3, prefix=f"nodes/node_b/rec_a-{'b' * 26}/", role="backup")
    hum: dict[str, Any] = {"speaks": ((0, 8),), "beeps": False, "track": "trk_hum"}
    hum["packet_samples"] = packet_ms * 48
    first.write([*camera("par_a", 0, 8), *microphone("par_b", 0, 8, **hum)])
    # The other node began in the middle of a packet.
    backup.write([*camera("par_a", 0, 8), *microphone("par_b", 0.07, 8, **hum)])
    lost = [one.key for one in first.entries if one.track == "trk_hum"][1]
    studio.s3.delete_object(Bucket=BUCKET, Key=lost)
    film = studio.compose(timeline(8, [ANA, BO]), [first.prefix, backup.prefix])
    hop = SAMPLE_RATE // 100
    samples = np.abs(film.samples()).max(axis=0)[SAMPLE_RATE // 4 : 15 * SAMPLE_RATE // 2]
    loud = samples[: len(samples) // hop * hop].reshape(-1, hop).max(axis=1)
    assert loud.min() > 0.1, np.flatnonzero(loud <= 0.1) / 100 + 0.25


@pytest.mark.parametrize("how", ["missing", "tampered", "undecodable", "entry changed", "declared"])
def test_what_no_take_has_is_shown_as_lost_and_written_down(studio: Studio, how: str):
    pieces = list(camera("par_a", 0, 8))
    altered = {}
    gaps: tuple[Gap, ...] = ()
    if how == "undecodable":
        pieces[1] = Piece(**{**pieces[1].__dict__, "data": b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 9})
    if how == "entry changed":
        altered = {1: {"sha256": "0" * 64}}
    if how == "declared":
        pieces = [pieces[0], *camera("par_a", 4, 8)]
        gaps = (Gap("trk_par_a_camera", us(2), us(4), "packets_lost"),)
    take = Take(studio.s3, gaps=gaps)
    take.write(pieces, altered=altered)
    if how == "missing":
        studio.s3.delete_object(Bucket=BUCKET, Key=take.entries[1].key)
    if how == "tampered":
        studio.s3.put_object(Bucket=BUCKET, Key=take.entries[1].key, Body=pieces[2].data)
    film = studio.compose(timeline(8, [ANA]), [take.prefix])
    one = [(at, counter(luma, ("par_a",), 0)) for at, luma in film.lumas()]
    assert_in_step([(at, number) for at, number in one if at < 1.9 or at >= 4])
    assert all(number is None for at, number in one if 2.04 <= at < 3.9)
    if how != "declared":
        assert json.loads(studio.faults())["count"] >= 1


def test_what_lies_in_the_backup_bucket_is_shown_as_if_it_lay_in_the_first(studio: Studio):
    take = Take(studio.s3)
    take.write([*camera("par_a", 0, 8), *microphone("par_a", 0, 8)], unlisted=3)
    studio.s3.create_bucket(Bucket="backup")
    studio.backup_bucket = "backup"
    # A page, segments that pages list, and one that none does.
    pages = [key for key in studio.keys(take.prefix) if "/pages/" in key]
    for key in (pages[0], take.entries[1].key, take.entries[2].key, take.entries[-1].key):
        studio.s3.copy_object(Bucket="backup", Key=key, CopySource={"Bucket": BUCKET, "Key": key})
        studio.s3.delete_object(Bucket=BUCKET, Key=key)
    # Brought back already, and in both.
    studio.s3.copy_object(
        Bucket="backup", Key=take.entries[3].key, CopySource={"Bucket": BUCKET, "Key": take.entries[3].key}
    )
    film = studio.compose(timeline(8, [ANA]), [take.prefix])
    assert_in_step([(at, counter(luma, ("par_a",), 0)) for at, luma in film.lumas()])
    assert json.loads(studio.faults())["count"] == 0


def test_what_a_killed_recorder_left_is_shown_to_its_end_and_the_rest_as_lost(studio: Studio):
    take = Take(studio.s3)
    take.write(camera("par_a", 0, 4), final=False, unlisted=1)
    later = Take(studio.s3, prefix=f"nodes/node_b/rec_a-{'b' * 26}/")
    later.write(camera("par_a", 6, 8))
    film = studio.compose(timeline(8, [ANA]), [take.prefix, later.prefix])
    one = [(at, counter(luma, ("par_a",), 0)) for at, luma in film.lumas()]
    assert_in_step([(at, number) for at, number in one if at < 3.9 or at >= 6])
    assert all(number is None for at, number in one if 4.04 <= at < 5.9)
    assert "Picture lost" in studio.read(film.files["chapters"]).decode()


@pytest.mark.parametrize("before", [None, 1.0, 6.0])
def test_a_take_that_a_restart_finished_tells_what_is_missing_behind_it(studio: Studio, before: float | None):
    """`before`: another take ended at that moment because it was to, and has what was lost until then."""
    left = Take(studio.s3, health=(Health("failed", "recorder_lost", us(4)),))
    left.write(camera("par_a", 0, 4))
    prefixes = [left.prefix]
    if before is not None:
        other = Take(
            studio.s3,
            prefix=f"nodes/node_b/rec_a-{'b' * 26}/",
            health=(Health("recording", None, us(0)), Health("stopped", None, us(before))),
        )
        other.write(camera("par_a", 0, round(before)))
        prefixes.append(other.prefix)
    film = studio.compose(timeline(8, [ANA]), prefixes)
    is_told = before is None or before < 4
    faults = json.loads(studio.faults())
    assert [one["fault"] for one in faults["faults"]] == (
        ["nothing was recorded for 4.0 s"] if is_told else []
    )
    assert ("Picture lost" in studio.read(film.files["chapters"]).decode()) is is_told


def test_codec_and_size_may_change_in_a_track_and_a_track_may_be_one_packet(studio: Studio):
    track = "trk_par_a_camera"
    changing = [
        *camera("par_a", 0, 2, (320, 180), "vp8"),
        *camera("par_a", 2, 4, (640, 360), "h264", track=track),
        *camera("par_a", 4, 6, (320, 180), "h265", track=track),
        *camera("par_a", 6, 8, (480, 270), "av1", track=track),
        *camera("par_a", 8, 10, (180, 320), "vp9", track=track),
    ]
    single = camera("par_b", 1, 1 + 1 / CAMERA_RATE)
    take = Take(studio.s3)
    take.write([*changing, *single, *microphone("par_b", 1, 1.02)])
    film = studio.compose(timeline(10, [ANA, BO]), [take.prefix])
    wide = [(at, counter(luma, BOTH, 0)) for at, luma in film.lumas() if at < 7.9]
    assert_in_step(wide)
    assert json.loads(studio.faults())["count"] == 0


def test_a_meeting_without_tracks_is_a_film_of_its_people(studio: Studio):
    take = Take(studio.s3)
    take.write([])
    film = studio.compose(timeline(5, [ANA]), [take.prefix])
    assert film.files["durationSeconds"] == 5
    assert film.beeps() == []
    assert film.lumas()[0][1].std() > 5


def test_two_hundred_tracks_are_composed_with_those_who_have_room(studio: Studio):
    everybody = [person(f"par_{number}", f"Person {number}") for number in range(100)]
    pieces = []
    for number in range(100):
        pieces += [
            Piece(**{**piece.__dict__, "track": f"trk_{number}_c", "participant": f"par_{number}"})
            for piece in camera("par_0", 0, 2)
        ]
        pieces += [
            Piece(**{**piece.__dict__, "track": f"trk_{number}_m", "participant": f"par_{number}"})
            for piece in microphone("par_0", 0, 2, volume=0.2)
        ]
    take = Take(studio.s3)
    take.write(pieces)
    film = studio.compose(timeline(2, everybody), [take.prefix])
    people = tuple(sorted(one["id"] for one in everybody))
    assert_in_step([(at, counter(luma, people, 15)) for at, luma in film.lumas()])
    with av.open(str(film.path)) as container:
        loudest = max(np.abs(frame.to_ndarray()).max() for frame in container.decode(audio=0))
    assert loudest < 1.0


def test_segments_of_a_clock_that_jumped_are_left_out_and_told(studio: Studio):
    pieces = list(camera("par_a", 0, 4))
    hour = 3_600_000_000
    early = Piece(**{**pieces[0].__dict__, "start_us": pieces[0].start_us - hour, "end_us": us(0) - hour + 1})
    endless = Piece(**{**pieces[1].__dict__, "end_us": pieces[1].end_us + 10 * hour})
    take = Take(studio.s3)
    take.write([early, pieces[0], endless, *camera("par_a", 4, 6)])
    film = studio.compose(timeline(6, [ANA]), [take.prefix])
    assert film.files["durationSeconds"] == 6
    assert "clock jumped" in studio.faults()
    assert "before the recording" in studio.faults()


def test_losses_inside_a_segment_are_filled_from_the_backup(studio: Studio):
    whole = camera("par_a", 0, 4)
    holed = [Piece(**{**whole[0].__dict__, "lost": (Span(us(0.5), us(1.5)),)}), whole[1]]
    first, backup = Take(studio.s3), Take(studio.s3, prefix=f"nodes/node_b/rec_a-{'b' * 26}/")
    first.write(holed)
    backup.write(whole)
    film = studio.compose(timeline(4, [ANA]), [first.prefix, backup.prefix])
    assert_in_step([(at, counter(luma, ("par_a",), 0)) for at, luma in film.lumas()])


def test_the_hls_rendition_is_the_film_and_everything_beside_it_is_there(studio: Studio):
    log = [
        event(1, "participant.joined", -1, participant=ANA),
    ]
    said = (Message("msg_a", "par_a", "<b>Hi</b>\n\n& all", us(1)),)
    take = Take(studio.s3, messages=said)
    take.write([*camera("par_a", 0, 6), *microphone("par_a", 0, 6)])
    film = studio.compose(timeline(6, [ANA], log), [take.prefix])
    for key in studio.keys(f"{OUTPUT}hls/"):
        (studio.folder / key.rsplit("/", 1)[1]).write_bytes(studio.read(key))
    with av.open(str(studio.folder / "master.m3u8")) as container:
        frames = [round(float(frame.time), 3) for frame in container.decode(video=0)]
    assert frames == [round(at, 3) for at, _ in film.lumas()]
    playlist = (studio.folder / "media.m3u8").read_text()
    told = studio.s3.head_object(Bucket=BUCKET, Key=f"{OUTPUT}hls/media.m3u8")
    assert told["CacheControl"] == "no-cache", "an edge would hold back minutes"
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in playlist
    assert playlist.endswith("#EXT-X-ENDLIST\n")
    chat = studio.read(film.files["chat"]).decode()
    assert chat == "WEBVTT\n\n00:00:01.000 --> 00:00:06.000\n<v Ana>&lt;b&gt;Hi&lt;/b&gt; &amp; all\n"
    assert "#xywh=160,0,160,90" in studio.read(film.files["thumbnails"]).decode()
    assert studio.read(film.files["sprite"])[:2] == b"\xff\xd8"
    waveform = json.loads(studio.read(film.files["waveform"]))
    assert waveform["length"] * 2 == len(waveform["data"]) == 120
    assert waveform["data"][1] > 30 > 5 > waveform["data"][11]
    assert film.files["bytes"] == film.path.stat().st_size


def test_what_was_written_is_told_once_by_time_whichever_node_kept_it(studio: Studio):
    first = Take(studio.s3, messages=(Message("msg_b", "par_a", "two", us(2)),))
    first.write(microphone("par_a", 0, 3))
    moved = f"nodes/node_b/{RECORDING}-{'b' * 26}/"
    kept = (
        *first.messages,
        Message("msg_a", "par_a", "one", us(1)),
        Message("msg_c", "par_a", "late", us(99)),
    )
    second = Take(studio.s3, moved, messages=kept)
    second.write([replace(one, track="trk_other") for one in microphone("par_a", 3, 6)])
    film = studio.compose(timeline(6, [ANA]), [first.prefix, second.prefix])
    chat = studio.read(film.files["chat"]).decode()
    assert [line for line in chat.splitlines() if line.startswith("<v")] == ["<v Ana>one", "<v Ana>two"]


def test_the_file_has_its_header_first(studio: Studio):
    take = Take(studio.s3)
    take.write(camera("par_a", 0, 2))
    film = studio.compose(timeline(2, [ANA]), [take.prefix])
    data = film.path.read_bytes()
    assert data[4:8] == b"ftyp"
    assert data.index(b"moov") < data.index(b"mdat")


def test_twelve_hours_with_long_pauses_are_in_step_to_the_end(studio: Studio):
    hour = 3600
    take = Take(studio.s3)
    begins = (0, 6 * hour, 12 * hour - 4)
    # The counter has 16 bits: it is that of the part, not of the whole.
    parts = [
        Piece(
            **{
                **piece.__dict__,
                "start_us": piece.start_us + us(begin) - us(0),
                "end_us": piece.end_us + us(begin) - us(0),
            }
        )
        for begin in begins
        for piece in camera("par_a", 0, 4)
    ]
    take.write(parts)
    pauses = [(4, 6 * hour), (6 * hour + 4, 12 * hour - 4)]
    film = studio.compose(timeline(12 * hour, [ANA], pauses=pauses), [take.prefix])
    assert film.files["durationSeconds"] == 18
    found = [(at % 7, counter(luma, ("par_a",), 0)) for at, luma in film.lumas() if at % 7 < 3.9]
    assert len(found) > 3 * 95
    assert_in_step(found)
