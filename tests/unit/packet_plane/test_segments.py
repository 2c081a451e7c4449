"""Segments of each codec: what encoders make is packetised, segmented, and decoded from every segment alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import pytest

from packet_plane import Gap, Segment, Segmenter
from tests.support.tap_records import begin, packet

START_US = 1_700_000_000_000_000
RATE, FRAMES = 30, 180
MAX_PAYLOAD = 900
WIDTH, HEIGHT = 320, 240
ENCODERS: dict[str, tuple[str, dict[str, str]]] = {
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "h264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency", "threads": "1", "sc_threshold": "0"}),
    "h265": ("libx265", {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=none"}),
    "av1": ("libsvtav1", {"preset": "12", "svtav1-params": "pred-struct=1:rtc=1:lp=1"}),
}


def encode(codec: str) -> Iterator[bytes]:
    """Pictures that get brighter one by one, with a keyframe every two seconds."""
    name, options = ENCODERS[codec]
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
    encoder.gop_size, encoder.options, encoder.thread_count = 2 * RATE, options, 1
    for number in range(FRAMES):
        picture = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, value in zip(picture.planes, (20 + number, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        picture.pts = number
        yield from (bytes(one) for one in encoder.encode(picture))
    yield from (bytes(one) for one in encoder.encode(None))


def pieces(data: bytes) -> list[bytes]:
    return [data[at : at + MAX_PAYLOAD] for at in range(0, len(data), MAX_PAYLOAD)]


def packetise_vp8(frame: bytes) -> Iterator[bytes]:
    """RFC 7741."""
    for index, piece in enumerate(pieces(frame)):
        yield (b"\x10" if index == 0 else b"\x00") + piece


def packetise_vp9(frame: bytes) -> Iterator[bytes]:
    """RFC 9628, without layers; the third bit from the left of a key frame's header is clear."""
    parts = pieces(frame)
    is_key = frame[0] & 0b0000_0100 == 0
    for index, piece in enumerate(parts):
        flags = (not is_key) << 6 | (index == 0) << 3 | (index == len(parts) - 1) << 2
        yield bytes([flags]) + piece


def units_of(frame: bytes) -> list[bytes]:
    """NAL units between start codes."""
    found = frame.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [unit for unit in found if unit]


def packetise_h264(frame: bytes) -> Iterator[bytes]:
    """RFC 6184: single units, and fragments of those that are long."""
    for unit in units_of(frame):
        if len(unit) <= MAX_PAYLOAD:
            yield unit
            continue
        parts = pieces(unit[1:])
        for index, piece in enumerate(parts):
            edge = (index == 0) << 7 | (index == len(parts) - 1) << 6
            yield bytes([unit[0] & 0xE0 | 28, edge | unit[0] & 0x1F]) + piece


def packetise_h265(frame: bytes) -> Iterator[bytes]:
    """RFC 7798: single units, and fragments of those that are long."""
    for unit in units_of(frame):
        if len(unit) <= MAX_PAYLOAD:
            yield unit
            continue
        parts = pieces(unit[2:])
        for index, piece in enumerate(parts):
            edge = (index == 0) << 7 | (index == len(parts) - 1) << 6
            yield bytes([unit[0] & 0x81 | 49 << 1, unit[1], edge | unit[0] >> 1 & 0x3F]) + piece


def packetise_av1(frame: bytes) -> Iterator[bytes]:
    """RTP Payload Format For AV1: one element for each OBU, long ones in fragments."""
    units = list(obus(frame))
    has_sequence = any(unit[0] >> 3 & 15 == 1 for unit in units)
    for number, unit in enumerate(units):
        parts = pieces(unit)
        for index, piece in enumerate(parts):
            begins = has_sequence and number == 0 and index == 0
            yield bytes([(index > 0) << 7 | (index < len(parts) - 1) << 6 | 1 << 4 | begins << 3]) + piece


def obus(frame: bytes) -> Iterator[bytes]:
    """OBUs without their sizes and without temporal delimiters."""
    at = 0
    while at < len(frame):
        header, length, shift = frame[at], 0, 0
        head_len = 2 if header & 4 else 1
        head = bytes([header & ~2]) + frame[at + 1 : at + head_len]
        at += head_len
        while True:
            byte = frame[at]
            length |= (byte & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if byte < 0x80:
                break
        if header >> 3 & 15 != 2:
            yield head + frame[at : at + length]
        at += length


PACKETISERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "vp8": packetise_vp8,
    "vp9": packetise_vp9,
    "h264": packetise_h264,
    "h265": packetise_h265,
    "av1": packetise_av1,
}


def tap_of(codec: str) -> bytes:
    out, sequence = bytearray(begin(1, "camera")), 0
    for number, frame in enumerate(encode(codec)):
        payloads = list(PACKETISERS[codec](frame))
        for index, payload in enumerate(payloads):
            at_us = START_US + number * 1_000_000 // RATE
            is_last = index == len(payloads) - 1
            out += packet(1, codec, sequence, number * 3_000, at_us, payload, marker=is_last)
            sequence += 1
    return bytes(out)


def segments_of(data: bytes) -> tuple[list[Segment], list[Gap]]:
    segmenter = Segmenter()
    found = segmenter.push(data) + segmenter.finish()
    assert segmenter.packets_malformed == 0
    segments = [one for one in found if isinstance(one, Segment)]
    return segments, [one for one in found if isinstance(one, Gap)]


@pytest.mark.parametrize("codec", list(PACKETISERS))
def test_every_segment_of_a_codec_decodes_alone_with_all_its_pictures(codec: str):
    segments, gaps = segments_of(tap_of(codec))
    assert gaps == []
    assert len(segments) == 3
    shown = 0
    for segment in segments:
        assert (segment.codec, segment.width, segment.height, segment.lost) == (codec, WIDTH, HEIGHT, [])
        with av.open(io.BytesIO(segment.data), mode="r") as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name in (codec, "hevc", "libdav1d", "av1")
            for index, frame in enumerate(container.decode(stream)):
                assert (frame.width, frame.height) == (WIDTH, HEIGHT)
                assert float(frame.time) == pytest.approx(index / RATE, abs=0.002)
                brightness = bytes(frame.reformat(format="gray").planes[0])[WIDTH * 100]
                # Full range from limited: steps a little larger than one.
                assert abs(brightness - (4 + shown) * 255 / 219) < 12
                shown += 1
    assert shown == FRAMES


def test_a_codec_that_changes_in_the_midst_begins_another_segment():
    first, second = tap_of("vp8"), tap_of("h264")
    segments, _ = segments_of(first + second)
    assert [segment.codec for segment in segments] == ["vp8"] * 3 + ["h264"] * 3


def test_bytes_that_are_no_records_are_an_error():
    with pytest.raises(ValueError, match="record of a tap"):
        Segmenter().push(b"\xff" * 64)
