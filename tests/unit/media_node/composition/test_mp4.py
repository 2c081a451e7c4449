"""The header of a film, read by libav; its fragments, by their boxes."""

from __future__ import annotations

import io
import struct

import av
import pytest

from media_node.recording.composition.avc import configuration, length_prefixed, nal_units
from media_node.recording.composition.mp4 import Format, Fragment, Movie, fragment_header, initialization
from media_node.recording.composition.plan import PACKET_SAMPLES, SAMPLE_RATE

# Baseline 1.1 of 64 by 64, as an encoder writes it.
AVC = bytes.fromhex("014d400bffe1000b674d400bda0424200000030001000468ce3c80")
FORMAT = Format(1280, 720, 25, AVC, bytes.fromhex("1190"))


def boxes(data: bytes) -> list[tuple[bytes, int, int]]:
    """Kind, offset and size of the boxes in a row."""
    found, at = [], 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        size = struct.unpack(">Q", data[at + 8 : at + 16])[0] if size == 1 else size
        found.append((kind, at, size))
        at += size
    return found


@pytest.mark.parametrize("hours", [1, 12])
def test_a_header_of_hours_has_every_sample_and_little_memory(hours: int):
    movie = Movie(FORMAT)
    packets = 0
    for number in range(hours * 3600 // 4):
        until = -(-(number + 1) * 4 * SAMPLE_RATE // PACKET_SAMPLES)
        movie.add(Fragment(number * 100, [1] * 100, [5000] * 100, packets, [300] * (until - packets)))
        packets = until
    header = movie.header()
    # Four bytes a sample, and a little for each fragment.
    assert len(header) < 4 * (hours * 3600 * 25 + packets) + 40 * (hours * 900) + 2000
    kinds = boxes(header + bytes(0))
    assert [kind for kind, _, _ in kinds] == [b"ftyp", b"moov", b"mdat"]
    assert kinds[-1][2] == movie.payload + 16
    with av.open(io.BytesIO(header), "r", format="mov") as container:
        assert container.streams.video[0].frames == hours * 3600 * 25
        assert container.streams.audio[0].frames == packets
        assert container.duration == pytest.approx(hours * 3_600_000_000, abs=50_000)


def test_a_fragment_says_where_its_samples_are():
    fragment = Fragment(100, [1, 2], [10, 20], 188, [5, 6, 7])
    data = fragment_header(3, fragment)
    (moof, _, length), (mdat, offset, size) = boxes(data + bytes(fragment.payload))
    assert (moof, mdat) == (b"moof", b"mdat")
    assert offset == length
    assert size == 8 + 48
    # Data offsets of both tracks count from the begin of moof.
    video = data.index(b"trun")
    audio = data.index(b"trun", video + 4)
    assert struct.unpack(">i", data[video + 12 : video + 16])[0] == length + 8
    assert struct.unpack(">i", data[audio + 12 : audio + 16])[0] == length + 8 + 30


def test_an_initialization_section_has_both_tracks_and_no_samples():
    with av.open(io.BytesIO(initialization(FORMAT)), "r", format="mov") as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
    assert FORMAT.codecs == "avc1.4d400b,mp4a.40.2"


def test_frames_have_lengths_in_the_place_of_start_codes():
    frame = b"\0\0\0\1\x09\x10\0\0\1\x65abc\0\0\0\1\x65de"
    assert length_prefixed(frame) == b"\0\0\0\4\x65abc\0\0\0\3\x65de"
    assert nal_units(frame) == [b"\x09\x10", b"\x65abc", b"\x65de"]


def test_parameter_sets_go_into_the_configuration():
    record = configuration(b"\0\0\0\1\x67\x4d\x40\x0bxyz\0\0\0\1\x68\xce")
    assert record == b"\x01\x4d\x40\x0b\xff\xe1\0\x07\x67\x4d\x40\x0bxyz\x01\0\x02\x68\xce"
