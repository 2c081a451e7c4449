"""How many tracks does a core record, and what does recording add to a forwarded packet?

The first: a recorder process, as a node starts it, gets tracks of 1 Mbit/s (and a voice for each) as fast as
it takes them, and stores their segments in a bucket that answers at once. Figures are track-seconds of video
by CPU seconds of that process, its uploads included and its start left out.

The second: a plane on one worker forwards bursts from one publisher to some viewers, now with its track
recorded, now without, in turns in one run; another process reads the tap and throws it away. Figures are CPU
time of the forwarding thread by packets that left.

Usage: .venv/bin/python bench/recording.py [--long] [--json FILE]
"""

from __future__ import annotations

import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from localcloud.engines import cloud_environment
from media_node.recording.settings import RecorderSettings
from packet_plane import AddSlot, AddTrack, AssignSlot, PacketPlane, TapTrack, UntapTrack
from tests.support.plane_meeting import counters, join
from tests.support.srtp_peer import EXTENSIONS, MID_EXTENSION, VP8, RtpPacket, vp8_payload
from tests.support.tap_records import begin, packet

PACKET_LEN = 1_170
# 1 Mbit/s at 30 pictures a second.
PACKETS_PER_FRAME, FRAMES_PER_SECOND = 4, 30
PAYLOAD = bytes([1]) + os.urandom(1_030)
KEYFRAME = bytes([0x10, 0, 0, 0, 0x9D, 1, 0x2A, 0x80, 2, 0x68, 1]) + os.urandom(1_020)
BURST = 64


# Tracks by core.


def second_of(tracks: int, second: int, start_us: int) -> Iterator[bytes]:
    """One second of all tracks, picture by picture."""
    for frame in range(FRAMES_PER_SECOND):
        number = second * FRAMES_PER_SECOND + frame
        at_us = start_us + number * 1_000_000 // FRAMES_PER_SECOND
        out = bytearray()
        for track in range(tracks):
            for part in range(PACKETS_PER_FRAME):
                first = KEYFRAME if number % 60 == 0 else b"\x10\x01" + PAYLOAD[2:]
                data = first if part == 0 else b"\x00" + PAYLOAD
                sequence = number * PACKETS_PER_FRAME + part
                is_last = part == PACKETS_PER_FRAME - 1
                out += packet(track * 2, "vp8", sequence, number * 3_000, at_us, data, marker=is_last)
            for half in range(2 if frame % 3 else 1):
                voice = second * 50 + frame * 5 // 3 + half
                out += packet(track * 2 + 1, "opus", voice, voice * 960, at_us, b"\x78" + PAYLOAD[:159])
        yield bytes(out)


class Bucket(BaseHTTPRequestHandler):
    """Takes everything and keeps nothing."""

    protocol_version = "HTTP/1.1"
    stored = 0

    def do_PUT(self) -> None:
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Bucket.stored += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("ETag", '"none"')
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def bucket() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


def tracks_per_core(tracks: int, seconds: int) -> tuple[float, float]:
    """Video tracks of 1 Mbit/s that a core records, and the process's memory in MiB."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    with bucket() as port, tempfile.TemporaryDirectory() as folder:
        settings = RecorderSettings(
            "rec_a", "mtg_a", "node_a", "nodes/node_a/rec_a-b/", "bucket", None, None,
            f"{folder}/take", 2 << 30, theirs.fileno(),
        )  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "media_node.recording.recorder", settings.format()],
            pass_fds=[theirs.fileno()],
            env={**os.environ, **cloud_environment(port, port)},
            stdout=subprocess.PIPE,
        )
        theirs.close()
        assert process.stdout is not None
        # It has started when it says how it does.
        process.stdout.readline()
        threading.Thread(target=process.stdout.read, daemon=True).start()
        start_us = time.time_ns() // 1_000 - seconds * 1_000_000
        ours.sendall(
            b"".join(begin(track, ("camera", "microphone")[track % 2]) for track in range(tracks * 2))
        )
        before = cpu_seconds(process.pid)
        for second in range(seconds):
            for piece in second_of(tracks, second, start_us):
                ours.sendall(piece)
        memory = resident_mib(process.pid)
        ours.close()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert process.wait(120) == 0, "the recorder has failed"
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime - before
    return tracks * seconds / spent, memory


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


# Cost by packet.


class Stage:
    """A publisher, viewers, and a tap whose reader throws everything away."""

    def __init__(self, viewers: int) -> None:
        self.plane = PacketPlane(host="127.0.0.1")
        self.publisher = join(self.plane, 1)
        self.viewers = [join(self.plane, 2 + number) for number in range(viewers)]
        commands: list[AddTrack | AddSlot | AssignSlot] = [
            AddTrack(track=1, transport=1, kind="video", mid="0", codecs=[VP8], extensions=EXTENSIONS)
        ]
        for number in range(viewers):
            commands.append(
                AddSlot(
                    slot=100 + number, transport=2 + number, kind="video", mid="v", ssrc=5_000 + number,
                    codecs=[VP8], extensions=EXTENSIONS,
                )
            )  # fmt: skip
            commands.append(AssignSlot(slot=100 + number, track=1))
        self.plane.submit(0, commands)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        with ours, theirs:
            self.plane.open_tap(0, 1, ours.fileno())
            self.reader = subprocess.Popen(["cat"], stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
        self._number = 0

    def send_burst(self) -> None:
        for _ in range(BURST):
            self._number += 1
            payload = vp8_payload(self._number & 0x7FFF, keyframe=self._number == 1, content=PAYLOAD)
            self.publisher.send_rtp(
                RtpPacket(96, True, self._number, self._number * 300, 7, {MID_EXTENSION: b"0"}, payload)
            )

    def drain(self) -> None:
        for viewer in self.viewers:
            viewer.socket.setblocking(False)
            try:
                while True:
                    viewer.socket.recv(2_000)
            except BlockingIOError:
                pass

    def nanoseconds_per_packet(self, bursts: int) -> float:
        before = counters(self.plane)
        for _ in range(bursts):
            self.send_burst()
            # Asking for counters waits until the burst has been forwarded.
            counters(self.plane)
            self.drain()
        after = counters(self.plane)
        return (after.cpu_ns - before.cpu_ns) / max(1, after.packets_sent - before.packets_sent)

    def close(self) -> None:
        self.plane.close()
        self.reader.wait(10)


def added_cost(viewers: int, rounds: int, bursts: int) -> tuple[float, float, float]:
    """Nanoseconds by packet without and with recording, and the median of the pairs' added share."""
    stage = Stage(viewers)
    try:
        stage.nanoseconds_per_packet(bursts)
        plain, recorded = [], []
        for _ in range(rounds):
            plain.append(stage.nanoseconds_per_packet(bursts))
            stage.plane.submit(0, [TapTrack(tap=1, track=1, label=b"{}")])
            recorded.append(stage.nanoseconds_per_packet(bursts))
            stage.plane.submit(0, [UntapTrack(track=1, reason="paused")])
    finally:
        stage.close()
    added = statistics.median(with_it / without - 1 for without, with_it in zip(plain, recorded, strict=True))
    return statistics.median(plain), statistics.median(recorded), added


def main() -> None:
    options = report.options(__doc__)
    rounds, bursts, seconds = (15, 60, 40) if options.long else (5, 30, 12)
    outcome = report.Report("Recording")
    for tracks in (4, 50):
        count, memory = tracks_per_core(tracks, seconds)
        text = f"{count:.0f} tracks of 1 Mbit/s and their voices by core, {memory:.0f} MiB"
        outcome.add(f"recorder of {tracks} cameras", text, tracksPerCore=count, memoryMib=memory)
    for viewers in (1, 3, 20):
        plain, recorded, added = added_cost(viewers, rounds, bursts)
        text = f"{plain:.0f} ns by packet, {recorded:.0f} ns recorded: {added:+.1%}"
        outcome.add(f"forwarding to {viewers}", text, plainNs=plain, recordedNs=recorded, addedShare=added)
    outcome.write(options.json)


if __name__ == "__main__":
    main()
