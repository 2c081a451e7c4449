"""A recorder process alone, between a tap's bytes and a bucket that refuses when it is told to."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from localcloud.engines import cloud_environment
from media_node.recording.manifest import Entry, Health, Page, parse_entry, parse_page
from media_node.recording.processes import BROKEN_STATUS, UNFINISHED_STATUS
from media_node.recording.settings import RecorderSettings
from media_node.recording.verification import verify_chain, verify_segment
from tests.support.local_run import until
from tests.support.recorded_meeting import opus_packets
from tests.support.tap_records import begin, packet

PREFIX = "nodes/node_a/rec_a-b/"
PATIENCE = 60.0
# For gigabytes.
LONG_PATIENCE = 900.0
CAMERA, MICROPHONE = 1, 2
WRITTEN = b'{"id": "msg_%d", "participant": "par_a", "text": "h\\u00e9llo %d", "atUs": %d}'
KEYFRAME = bytes([0x10, 0, 0, 0, 0x9D, 1, 0x2A, 64, 0, 64, 0])


@dataclass
class Bucket:
    """Objects in memory behind real HTTP."""

    is_refusing: bool = False
    # Segments are looked at when they come, and not kept.
    is_forgetful: bool = False
    wrong: list[str] = field(default_factory=list)
    objects: dict[str, tuple[bytes, str | None]] = field(default_factory=dict)

    @property
    def entries(self) -> list[Entry]:
        return [parse_entry(entry) for _, entry in self.objects.values() if entry is not None]

    @property
    def pages(self) -> list[Page]:
        return [parse_page(data) for key, (data, _) in self.objects.items() if "/pages/" in key]

    @property
    def health(self) -> list[Health]:
        return [one for page in self.pages for one in page.health]

    def problems(self) -> list[Any]:
        """What is wrong with the take and its segments."""
        changed = [verify_segment(entry, self.objects[entry.key][0]) for entry in self.entries]
        return [*verify_chain(self.pages, self.entries), *filter(None, changed)]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    made = Bucket()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            if self.headers.get("Expect"):
                self.send_response_only(100)
                self.end_headers()
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if not made.is_refusing:
                key = self.path.split("?")[0].removeprefix("/bucket/")
                entry = self.headers.get("x-amz-meta-parley-entry")
                if made.is_forgetful and entry is not None:
                    if verify_segment(parse_entry(entry), data) is not None:
                        made.wrong.append(key)
                    data = b""
                made.objects[key] = data, entry
            self.send_response(503 if made.is_refusing else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in cloud_environment(server.server_port, server.server_port).items():
        monkeypatch.setenv(name, value)
    yield made
    server.shutdown()
    server.server_close()


@dataclass
class Recorder:
    """A running recorder process and what it has said."""

    process: subprocess.Popen[bytes]
    tap: socket.socket
    said: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    def writes(self, *lines: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()

    def wait_until(self, is_right: Callable[[dict[str, Any]], bool], patience: float = PATIENCE) -> None:
        """Until it says something that is right."""
        deadline = time.monotonic() + patience
        read = threading.Event()
        while not any(map(is_right, self.said)):
            assert time.monotonic() < deadline, self.said[-3:]
            assert self.process.poll() is None, "it ended"
            read.wait(0.05)


def start(
    folder: Path, spool_bytes: int = 1 << 30, *, has_tap: bool = True, parted_seconds: float = 900.0
) -> Recorder:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    descriptor = theirs.fileno() if has_tap else None
    settings = RecorderSettings(
        "rec_a",
        "mtg_a",
        "node_a",
        PREFIX,
        "bucket",
        None,
        None,
        str(folder / "take"),
        spool_bytes,
        descriptor,
        parted_seconds=parted_seconds,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "media_node.recording.recorder", settings.format()],
        pass_fds=[theirs.fileno()],
        env=dict(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    theirs.close()
    recorder = Recorder(process, ours)
    threading.Thread(target=recorder.read, daemon=True).start()
    return recorder


@dataclass
class Media:
    """A camera and a microphone; time is that of their packets."""

    start_us: int = field(default_factory=lambda: time.time_ns() // 1_000)
    frames: int = 0
    picture_bytes: int = 500

    def beginning(self) -> bytes:
        return begin(CAMERA, "camera") + begin(MICROPHONE, "microphone")

    def camera(self, second: int) -> bytes:
        """A second of the camera alone."""
        out = bytearray()
        for number in range(second * 25, second * 25 + 25):
            head = KEYFRAME if number % 50 == 0 else b"\x10\x01"
            at_us = self.start_us + number * 40_000
            out += packet(CAMERA, "vp8", number, number * 3_600, at_us, head + bytes(500), marker=True)
        return bytes(out)

    def seconds(self, count: int) -> bytes:
        """The next seconds of both."""
        out = bytearray()
        for number in range(self.frames, self.frames + count * 25):
            at_us = self.start_us + number * 40_000
            head = KEYFRAME if number % 50 == 0 else b"\x10\x01"
            picture = head + os.urandom(500) + bytes(self.picture_bytes - 500)
            out += packet(CAMERA, "vp8", number, number * 3_600, at_us, picture, marker=True)
            for half in range(2):
                voice = number * 2 + half
                sound = b"\x78" + os.urandom(60)
                out += packet(MICROPHONE, "opus", voice, voice * 960, at_us + half * 20_000, sound)
        self.frames += count * 25
        return bytes(out)


def packets_of(segment: bytes) -> list[bytes]:
    """The packets of a segment of sound."""
    with av.open(io.BytesIO(segment), "r", format="matroska") as container:
        return [bytes(one) for one in container.demux(audio=0) if one.size > 0]


@pytest.fixture
def media() -> Media:
    return Media()


def test_while_its_bucket_is_away_everything_waits_and_is_stored_after(
    bucket: Bucket, media: Media, tmp_path: Path
):
    recorder = start(tmp_path)
    recorder.tap.sendall(media.beginning() + media.seconds(6))
    recorder.wait_until(lambda one: one["segments"] >= 4)
    bucket.is_refusing = True
    recorder.tap.sendall(media.seconds(10))
    recorder.wait_until(lambda one: one["reason"] == "storage_unavailable")
    bucket.is_refusing = False
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert bucket.problems() == []
    assert [gap for page in bucket.pages for gap in page.gaps] == []
    assert sum(entry.end_us - entry.start_us for entry in bucket.entries) == pytest.approx(32e6, rel=0.01)
    states = [(one.state, one.reason) for one in bucket.health]
    assert states[0] == ("recording", None)
    assert ("degraded", "storage_unavailable") in states
    assert states[-1] == ("stopped", None)
    assert not (tmp_path / "take").exists()


@pytest.mark.parametrize("packet_ms", [60, 120])
def test_a_voice_in_long_packets_is_stored_whole_and_beside_its_camera(
    bucket: Bucket, media: Media, tmp_path: Path, packet_ms: int
):
    seconds, samples = 12, packet_ms * 48
    voice, out = opus_packets(0, seconds, ((0, seconds),), samples), bytearray(media.beginning())
    sound = [
        (media.start_us + number * packet_ms * 1_000, number, payload) for number, payload in enumerate(voice)
    ]
    for second in range(seconds):
        out += media.camera(second)
        due = [one for one in sound if second <= (one[0] - media.start_us) / 1e6 < second + 1]
        for at_us, number, payload in due:
            out += packet(MICROPHONE, "opus", number, number * samples, at_us, payload)
    recorder = start(tmp_path)
    recorder.tap.sendall(bytes(out))
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert bucket.problems() == []
    assert [gap for page in bucket.pages for gap in page.gaps] == []
    entries = sorted((one for one in bucket.entries if one.codec == "opus"), key=lambda one: one.sequence)
    assert entries[0].start_us == media.start_us
    assert all(after.start_us == pytest.approx(one.end_us, abs=1_000) for one, after in pairwise(entries))
    assert entries[-1].end_us == pytest.approx(media.start_us + seconds * 1_000_000, abs=1_000)
    stored = [packets_of(bucket.objects[one.key][0]) for one in entries]
    assert [payload for part in stored for payload in part] == list(voice)


def test_without_room_video_goes_and_the_sound_stays_and_every_hole_is_told(
    bucket: Bucket, media: Media, tmp_path: Path
):
    bucket.is_refusing = True
    recorder = start(tmp_path, spool_bytes=600_000)
    recorder.tap.sendall(media.beginning() + media.seconds(120))
    recorder.wait_until(lambda one: one["reason"] == "spool_full")
    bucket.is_refusing = False
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert bucket.problems() == []
    gaps = [gap for page in bucket.pages for gap in page.gaps]
    assert {(gap.track, gap.reason) for gap in gaps} == {("trk_1", "spool_full")}
    sound = [entry for entry in bucket.entries if entry.source == "microphone"]
    assert sum(entry.end_us - entry.start_us for entry in sound) == pytest.approx(120e6, rel=0.01)
    video = [entry for entry in bucket.entries if entry.source == "camera"]
    known = [entry.end_us - entry.start_us for entry in video] + [gap.end_us - gap.start_us for gap in gaps]
    assert sum(known) == pytest.approx(120e6, rel=0.01)


def test_a_machine_that_shuts_down_takes_nothing_from_a_recorder_before_its_node_has_ended(
    bucket: Bucket, media: Media, tmp_path: Path
):
    recorder = start(tmp_path)
    recorder.tap.sendall(media.beginning() + media.seconds(3))
    recorder.wait_until(lambda one: one["segments"] >= 2)
    recorder.process.send_signal(signal.SIGTERM)
    recorder.tap.sendall(media.seconds(3))
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert bucket.problems() == []
    assert sum(entry.end_us - entry.start_us for entry in bucket.entries) == pytest.approx(12e6, rel=0.01)


def test_where_memory_ends_a_recorder_goes_before_its_node(bucket: Bucket, tmp_path: Path):
    recorder = start(tmp_path)
    recorder.wait_until(lambda one: one["state"] == "recording")
    score = int(Path(f"/proc/{recorder.process.pid}/oom_score_adj").read_text())
    assert score > int(Path("/proc/self/oom_score_adj").read_text())
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """No file of a process can grow: its writes fail as on a full disk."""
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def test_while_its_disk_is_full_everything_goes_into_the_bucket_and_people_are_told_until_it_heals(
    bucket: Bucket, media: Media, tmp_path: Path
):
    recorder = start(tmp_path)
    recorder.tap.sendall(media.beginning() + media.seconds(6))
    recorder.wait_until(lambda one: one["segments"] >= 4)
    with full_disk(recorder.process.pid):
        recorder.tap.sendall(media.seconds(20))
        recorder.wait_until(lambda one: one["reason"] == "disk_full" and one["segments"] >= 22)
    recorder.said.clear()
    recorder.tap.sendall(media.seconds(6))
    recorder.wait_until(lambda one: one["state"] == "recording")
    recorder.writes(b'{"end": true}')
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert bucket.problems() == []
    assert [gap for page in bucket.pages for gap in page.gaps] == []
    assert sum(entry.end_us - entry.start_us for entry in bucket.entries) == pytest.approx(64e6, rel=0.01)
    states = [(one.state, one.reason) for one in bucket.health]
    assert states[-3:] == [("degraded", "disk_full"), ("recording", None), ("stopped", None)]


def test_a_recorder_that_begins_on_a_full_disk_records(bucket: Bucket, media: Media, tmp_path: Path):
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, unlimited[1]))
    try:
        recorder = start(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    recorder.tap.sendall(media.beginning() + media.seconds(6))
    recorder.wait_until(lambda one: one["reason"] == "disk_full" and one["segments"] >= 4)
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert bucket.problems() == []
    assert sum(entry.end_us - entry.start_us for entry in bucket.entries) == pytest.approx(12e6, rel=0.01)


@pytest.mark.slow
def test_ten_minutes_and_more_without_a_bucket_cost_what_is_over_two_gibibytes_and_that_of_the_oldest_video(
    bucket: Bucket, media: Media, tmp_path: Path
):
    media.picture_bytes, bucket.is_forgetful, bucket.is_refusing = 60_000, True, True
    spool_bytes, seconds = 2 << 30, 1_600
    # Ahead of the clock, however slowly it is made: a recorder takes who is behind for silent.
    media.start_us += 3_600_000_000
    recorder = start(tmp_path, spool_bytes=spool_bytes)
    recorder.tap.sendall(media.beginning())
    for second in range(0, seconds, 10):
        recorder.tap.sendall(media.seconds(10))
        if second == 600:
            # Ten minutes, and everything is there.
            recorder.wait_until(lambda one: one["spoolBytes"] > 600 * 25 * 60_000 * 0.9, LONG_PATIENCE)
            assert not any(one["segmentsDropped"] for one in recorder.said)
    recorder.wait_until(lambda one: one["reason"] == "spool_full", LONG_PATIENCE)
    bucket.is_refusing = False
    recorder.said.clear()
    recorder.wait_until(
        lambda one: one["spoolBytes"] < 10 * media.picture_bytes * 25 and one["state"] == "recording",
        LONG_PATIENCE,
    )
    assert max(one["spoolBytes"] for one in recorder.said) <= spool_bytes
    recorder.writes(b'{"end": true}')
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert bucket.wrong == []
    assert verify_chain(bucket.pages, bucket.entries) == []
    whole = seconds * 1e6
    by_source = {
        source: sorted((one for one in bucket.entries if one.source == source), key=lambda one: one.start_us)
        for source in ("microphone", "camera")
    }
    kept = {name: sum(one.end_us - one.start_us for one in some) for name, some in by_source.items()}
    assert kept["microphone"] == pytest.approx(whole, rel=0.01)
    gaps = sorted((gap for page in bucket.pages for gap in page.gaps), key=lambda gap: gap.start_us)
    assert {(gap.track, gap.reason) for gap in gaps} == {("trk_1", "spool_full")}
    lost = sum(gap.end_us - gap.start_us for gap in gaps)
    assert kept["camera"] + lost == pytest.approx(whole, rel=0.01)
    assert sum(one.bytes for one in by_source["camera"]) > spool_bytes * 0.9
    # The oldest, but for those that were on their way: nothing that was kept lies between what was given up.
    assert all(after.start_us - before.end_us < 200_000 for before, after in pairwise(gaps))
    assert sum(one.start_us < gaps[0].start_us for one in by_source["camera"]) <= 8
    states = [(one.state, one.reason) for one in bucket.health]
    assert ("degraded", "storage_unavailable") in states
    assert ("degraded", "spool_full") in states
    assert states[-2:] == [("recording", None), ("stopped", None)]


def test_a_recorder_whose_node_has_died_ends_although_no_bucket_takes_what_it_has(
    bucket: Bucket, media: Media, tmp_path: Path
):
    bucket.is_refusing = True
    recorder = start(tmp_path, parted_seconds=0.5)
    recorder.tap.sendall(media.beginning() + media.seconds(10))
    recorder.wait_until(lambda one: one["spoolBytes"] > 100_000)
    assert recorder.process.stdin is not None
    recorder.process.stdin.close()
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == UNFINISHED_STATUS
    bucket.is_refusing = False
    assert start(tmp_path, has_tap=False).process.wait(PATIENCE) == 0
    assert bucket.problems() == []
    assert sum(entry.end_us - entry.start_us for entry in bucket.entries) == pytest.approx(20e6, rel=0.01)


def test_what_a_killed_recorder_has_left_is_stored_by_the_next_one(
    bucket: Bucket, media: Media, tmp_path: Path
):
    bucket.is_refusing = True
    recorder = start(tmp_path)
    recorder.tap.sendall(media.beginning() + media.seconds(10))
    recorder.wait_until(lambda one: one["spoolBytes"] > 100_000)
    recorder.process.kill()
    recorder.process.wait()
    bucket.is_refusing = False
    again = start(tmp_path, has_tap=False)
    assert again.process.wait(PATIENCE) == 0
    assert bucket.problems() == []
    assert len(bucket.entries) >= 8
    assert bucket.pages[-1].is_final
    # It is told that this was not the end, and from when on something is missing.
    assert bucket.health[-1] == Health("failed", "recorder_lost", max(one.end_us for one in bucket.entries))
    assert "stopped" not in [one.state for one in bucket.health]


@pytest.mark.parametrize("spoilt", ["torn.jsonl", "state.json"])
def test_what_a_take_has_whose_state_is_broken_is_stored_although_its_recorder_refuses_it(
    bucket: Bucket, media: Media, tmp_path: Path, spoilt: str
):
    recorder = start(tmp_path)
    recorder.writes(WRITTEN % (1, 1, 10))
    recorder.tap.sendall(media.beginning() + media.seconds(6))
    recorder.wait_until(lambda one: one["segments"] >= 4)
    stored = dict(bucket.objects)
    bucket.is_refusing = True
    recorder.tap.sendall(media.seconds(10))
    recorder.wait_until(lambda one: one["spoolBytes"] > 100_000)
    recorder.process.kill()
    recorder.process.wait()
    left = {path.read_bytes() for path in (tmp_path / "take").glob("*.mkv")}
    (tmp_path / "take" / spoilt).write_bytes(b"\xff")
    bucket.is_refusing = False

    # Where there is something to record, another take is for that.
    assert start(tmp_path).process.wait(PATIENCE) == BROKEN_STATUS
    assert bucket.objects == stored
    assert start(tmp_path, has_tap=False).process.wait(PATIENCE) == 0
    assert left <= {data for data, _ in bucket.objects.values()}
    assert {key: bucket.objects[key] for key in stored} == stored, "nothing is written over"
    assert all(verify_segment(entry, bucket.objects[entry.key][0]) is None for entry in bucket.entries)
    assert bucket.health[-1].reason == "recorder_lost"
    assert [one.text for page in bucket.pages for one in page.messages] == ["héllo 1"]
    assert not (tmp_path / "take").exists()


def test_a_take_that_ends_with_its_node_says_that_nobody_wanted_it_to(
    bucket: Bucket, media: Media, tmp_path: Path
):
    recorder = start(tmp_path)
    recorder.tap.sendall(media.beginning() + media.seconds(4))
    recorder.wait_until(lambda one: one["segments"] >= 2)
    assert recorder.process.stdin is not None
    recorder.process.stdin.close()
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    last = max(one.end_us for one in bucket.entries)
    assert bucket.health[-1] == Health("failed", "recorder_lost", last)


def test_a_take_that_the_node_ended_says_so_although_a_later_recorder_stored_it(
    bucket: Bucket, media: Media, tmp_path: Path
):
    bucket.is_refusing = True
    recorder = start(tmp_path)
    recorder.tap.sendall(media.beginning() + media.seconds(6))
    recorder.wait_until(lambda one: one["spoolBytes"] > 50_000)
    recorder.writes(b'{"end": true}')
    recorder.tap.close()
    journals = tmp_path / "take"
    until(lambda: any(b'"stopped"' in path.read_bytes() for path in journals.glob("journal-*")))
    recorder.process.kill()
    recorder.process.wait()
    bucket.is_refusing = False
    assert start(tmp_path, has_tap=False).process.wait(PATIENCE) == 0
    assert "failed" not in [one.state for one in bucket.health]


def test_what_people_write_is_in_the_pages_and_what_is_no_message_is_left_out(
    bucket: Bucket, media: Media, tmp_path: Path
):
    recorder = start(tmp_path)
    recorder.tap.sendall(media.beginning() + media.seconds(4))
    recorder.writes(WRITTEN % (1, 1, 10), b"no json", b'{"id": 7}', b"[" * 3000, WRITTEN % (2, 2, 20))
    # Just before the end, and told all the same.
    recorder.writes(WRITTEN % (3, 3, 30))
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert bucket.problems() == []
    written = [
        (one.id, one.participant, one.text, one.at_us) for page in bucket.pages for one in page.messages
    ]
    assert written == [(f"msg_{one}", "par_a", f"héllo {one}", 10 * one) for one in (1, 2, 3)]


def test_a_node_that_dies_in_the_middle_of_a_message_ends_no_recorder(
    bucket: Bucket, media: Media, tmp_path: Path
):
    recorder = start(tmp_path)
    assert recorder.process.stdin is not None
    recorder.process.stdin.write(WRITTEN % (1, 1, 10) + b"\n" + b'{"id": "msg_2", "par')
    recorder.process.stdin.close()
    recorder.tap.sendall(media.beginning() + media.seconds(6))
    recorder.wait_until(lambda one: one["segments"] >= 2)
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert [one.id for page in bucket.pages for one in page.messages] == ["msg_1"]


def test_what_was_written_outlives_a_killed_recorder(bucket: Bucket, media: Media, tmp_path: Path):
    bucket.is_refusing = True
    recorder = start(tmp_path)
    recorder.writes(WRITTEN % (1, 1, 10))
    recorder.tap.sendall(media.beginning() + media.seconds(6))
    recorder.wait_until(lambda one: one["spoolBytes"] > 50_000)
    recorder.process.kill()
    recorder.process.wait()
    bucket.is_refusing = False
    assert start(tmp_path, has_tap=False).process.wait(PATIENCE) == 0
    assert [one.text for page in bucket.pages for one in page.messages] == ["héllo 1"]


def test_of_two_recorders_of_a_take_the_second_leaves_the_first_alone(
    bucket: Bucket, media: Media, tmp_path: Path
):
    recorder = start(tmp_path)
    recorder.tap.sendall(media.beginning() + media.seconds(4))
    recorder.wait_until(lambda one: one["segments"] >= 2)
    assert start(tmp_path, has_tap=False).process.wait(PATIENCE) == 5
    recorder.tap.close()
    assert recorder.process.wait(PATIENCE) == 0
    assert bucket.problems() == []


def test_bytes_that_are_no_tap_end_a_recorder_and_what_it_had_is_stored_by_the_next(
    bucket: Bucket, media: Media, tmp_path: Path
):
    recorder = start(tmp_path)
    recorder.tap.sendall(media.beginning() + media.seconds(4) + b"\xff" * 64)
    assert recorder.process.wait(PATIENCE) == 3
    assert start(tmp_path, has_tap=False).process.wait(PATIENCE) == 0
    assert bucket.problems() == []
