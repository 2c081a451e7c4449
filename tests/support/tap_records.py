"""What a tap hands over, written as packet_plane/crates/core/src/tap/record.rs does."""

from __future__ import annotations

import json
import struct

CODECS = ("opus", "vp8", "vp9", "h264", "h265", "av1")


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<IB", len(body) + 1, kind) + body


def begin(track: int, source: str) -> bytes:
    """A track `trk_{track}` of `par_a` is handed over from here on."""
    label = json.dumps({"track": f"trk_{track}", "participant": "par_a", "source": source}).encode()
    return _record(1, struct.pack("<QB", track, source in ("camera", "screen")) + label)


def packet(
    track: int,
    codec: str,
    number: int,
    rtp_timestamp: int,
    at_us: int,
    payload: bytes,
    *,
    marker: bool = False,
) -> bytes:
    """A packet of the track's only stream; numbers count on without wrapping."""
    rate = 48_000 if codec == "opus" else 90_000
    fields = struct.pack("<QBBBIIQ", track, 0, CODECS.index(codec), marker, rate, track, number)
    return _record(3, fields + struct.pack("<IQ", rtp_timestamp & 0xFFFFFFFF, at_us) + payload)
