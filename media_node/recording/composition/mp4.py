"""MP4 boxes: the file's header, and fragments of it.

Pure: sample sizes and times in, bytes out. libav's muxer keeps an entry of some sixty bytes per sample in
memory and writes a file with the header first by reading it all again; the tables here need four bytes per
sample, and the header is known before the first byte is sent. Source: ISO/IEC 14496-12 (boxes), 14496-14
and -15 (mp4a, avc1).
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from media_node.recording.composition.plan import PACKET_SAMPLES, SAMPLE_RATE

VIDEO_TRACK = 1
AUDIO_TRACK = 2
# Of the movie: the film's length is told in milliseconds.
MOVIE_SCALE = 1000
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
# sample_depends_on and sample_is_non_sync_sample (8.8.3.1).
KEY_FLAGS = 0x02000000
OTHER_FLAGS = 0x01010000
BITS_PER_SECOND = 128_000


@dataclass(frozen=True)
class Format:
    """What both decoders have to know before they begin."""

    width: int
    height: int
    # Ticks per second of the video track.
    rate: int
    # AVCDecoderConfigurationRecord and AudioSpecificConfig.
    avc: bytes
    aac: bytes

    @property
    def codecs(self) -> str:
        """RFC 6381, as an HLS master playlist names them."""
        return f"avc1.{self.avc[1:4].hex()},mp4a.40.{self.aac[0] >> 3}"


@dataclass(frozen=True)
class Fragment:
    """A few seconds of both tracks that can be decoded from their begin.

    Attributes:
        first_tick: Of the first frame.
        frame_ticks: How long each frame is shown.
        frame_sizes: Bytes of each frame; the first is a keyframe.
        first_packet: Number of the first AAC packet, PACKET_SAMPLES each.
        packet_sizes: Bytes of each.
    """

    first_tick: int
    frame_ticks: Sequence[int]
    frame_sizes: Sequence[int]
    first_packet: int
    packet_sizes: Sequence[int]

    @property
    def payload(self) -> int:
        return sum(self.frame_sizes) + sum(self.packet_sizes)


def fragment_header(number: int, fragment: Fragment) -> bytes:
    """`moof` and the head of `mdat`; the frames follow, then the packets."""
    # The offsets count from the begin of moof, whose length is known once it is written.
    length = len(_moof(number, fragment, 0))
    payload = fragment.payload
    assert payload + 8 < 1 << 32, "a fragment of seconds has less than 4 GiB"
    return _moof(number, fragment, length + 8) + struct.pack(">I4s", payload + 8, b"mdat")


def initialization(what: Format) -> bytes:
    """The header of a fragmented file: an HLS initialization section."""
    empty = _Tables()
    tracks = _video_track(what, empty, 0) + _audio_track(what, empty, 0)
    extends = b"".join(
        _full(b"trex", 0, 0, struct.pack(">5I", track, 1, 0, 0, 0)) for track in (VIDEO_TRACK, AUDIO_TRACK)
    )
    movie = _movie_header(0) + tracks + _box(b"mvex", extends)
    return _box(b"ftyp", b"iso6" + struct.pack(">I", 0) + b"iso6cmfcmp41") + _box(b"moov", movie)


@dataclass
class _Tables:
    """The samples of one track: sizes, run-length durations, keyframes, and chunks of them."""

    sizes: array[int] = field(default_factory=lambda: array("I"))
    # In pairs: how many samples, how long each.
    runs: array[int] = field(default_factory=lambda: array("I"))
    keys: array[int] = field(default_factory=lambda: array("I"))
    # Samples in each chunk, and where it begins in the payload.
    chunk_counts: array[int] = field(default_factory=lambda: array("I"))
    chunk_offsets: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, sizes: Sequence[int], ticks: Iterable[int], offset: int, starts_with_key: bool) -> None:
        if not sizes:
            return
        if starts_with_key:
            self.keys.append(len(self.sizes) + 1)
        self.sizes.extend(sizes)
        for one in ticks:
            if self.runs and self.runs[-1] == one:
                self.runs[-2] += 1
            else:
                self.runs.extend((1, one))
        self.chunk_counts.append(len(sizes))
        self.chunk_offsets.append(offset)

    @property
    def duration(self) -> int:
        return sum(count * ticks for count, ticks in zip(self.runs[::2], self.runs[1::2], strict=True))


class Movie:
    """A whole file with its header first: add fragments, write the header, then their payloads."""

    def __init__(self, what: Format) -> None:
        self._format = what
        self._video = _Tables()
        self._audio = _Tables()
        self.payload = 0

    def add(self, fragment: Fragment) -> None:
        video_bytes = sum(fragment.frame_sizes)
        self._video.add(fragment.frame_sizes, fragment.frame_ticks, self.payload, True)
        packets = len(fragment.packet_sizes)
        self._audio.add(fragment.packet_sizes, [PACKET_SAMPLES] * packets, self.payload + video_bytes, False)
        self.payload += fragment.payload

    def header(self) -> bytes:
        """`ftyp`, `moov` and the head of `mdat`."""
        start = len(self._header(0))
        return self._header(start)

    def _header(self, start: int) -> bytes:
        video, audio = self._video, self._audio
        seconds = max(video.duration / self._format.rate, audio.duration / SAMPLE_RATE)
        movie = _movie_header(round(seconds * MOVIE_SCALE))
        movie += _video_track(self._format, video, start) + _audio_track(self._format, audio, start)
        brand = _box(b"ftyp", b"isom" + struct.pack(">I", 0x200) + b"isomiso2avc1mp41")
        # The long form of mdat, whatever its size: the header's length does not depend on it.
        data = struct.pack(">I4sQ", 1, b"mdat", self.payload + 16)
        return brand + _box(b"moov", movie) + data


def _moof(number: int, fragment: Fragment, data_offset: int) -> bytes:
    video_rows = b"".join(
        struct.pack(">III", ticks, size, OTHER_FLAGS if index else KEY_FLAGS)
        for index, (ticks, size) in enumerate(zip(fragment.frame_ticks, fragment.frame_sizes, strict=True))
    )
    # data-offset, duration, size and flags of each sample are there; of sound, data-offset and size.
    video = _full(b"trun", 0, 0x701, struct.pack(">Ii", len(fragment.frame_sizes), data_offset) + video_rows)
    audio_offset = data_offset + sum(fragment.frame_sizes)
    audio_rows = array("I", fragment.packet_sizes)
    audio = _full(
        b"trun", 0, 0x201, struct.pack(">Ii", len(audio_rows), audio_offset) + _big_endian(audio_rows)
    )
    # default-base-is-moof; of sound, a duration and flags that all samples have.
    video_head = _full(b"tfhd", 0, 0x020000, struct.pack(">I", VIDEO_TRACK))
    audio_head = _full(b"tfhd", 0, 0x020028, struct.pack(">III", AUDIO_TRACK, PACKET_SAMPLES, KEY_FLAGS))
    video_time = _full(b"tfdt", 1, 0, struct.pack(">Q", fragment.first_tick))
    audio_time = _full(b"tfdt", 1, 0, struct.pack(">Q", fragment.first_packet * PACKET_SAMPLES))
    tracks = _box(b"traf", video_head + video_time + video)
    if fragment.packet_sizes:
        tracks += _box(b"traf", audio_head + audio_time + audio)
    return _box(b"moof", _full(b"mfhd", 0, 0, struct.pack(">I", number)) + tracks)


def _movie_header(duration: int) -> bytes:
    times = struct.pack(">QQIQ", 0, 0, MOVIE_SCALE, duration)
    rest = struct.pack(">IHHII", 0x10000, 0x100, 0, 0, 0) + MATRIX + bytes(24) + struct.pack(">I", 3)
    return _full(b"mvhd", 1, 0, times + rest)


def _video_track(what: Format, tables: _Tables, start: int) -> bytes:
    entry = bytes(6) + struct.pack(">H", 1) + bytes(16) + struct.pack(">HH", what.width, what.height)
    entry += struct.pack(">IIIH", 0x480000, 0x480000, 0, 1) + bytes(32) + struct.pack(">Hh", 24, -1)
    # BT.601 primaries (6), transfer (6) and matrix (6), limited range, as the stream itself says.
    color = _box(b"colr", b"nclx" + struct.pack(">HHHB", 6, 6, 6, 0))
    entry += _box(b"avcC", what.avc) + color
    samples = _sample_tables(_box(b"avc1", entry), tables, start)
    size = (what.width, what.height)
    return _track(VIDEO_TRACK, "vide", _full(b"vmhd", 0, 1, bytes(8)), samples, tables, what.rate, size)


def _audio_track(what: Format, tables: _Tables, start: int) -> bytes:
    entry = bytes(6) + struct.pack(">H", 1) + bytes(8) + struct.pack(">HHI", 2, 16, 0)
    entry += struct.pack(">I", SAMPLE_RATE << 16) + _full(b"esds", 0, 0, _elementary_stream(what.aac))
    samples = _sample_tables(_box(b"mp4a", entry), tables, start)
    return _track(AUDIO_TRACK, "soun", _full(b"smhd", 0, 0, bytes(4)), samples, tables, SAMPLE_RATE, (0, 0))


def _elementary_stream(config: bytes) -> bytes:
    """ES_Descriptor (ISO/IEC 14496-1, 7.2.6.5) of AAC."""
    specific = _descriptor(5, config)
    # MPEG-4 audio, an audio stream, buffer size, highest and average bit rate.
    decoder = _descriptor(
        4, struct.pack(">BBBHII", 0x40, 0x15, 0, 0, BITS_PER_SECOND, BITS_PER_SECOND) + specific
    )
    return _descriptor(3, struct.pack(">HB", AUDIO_TRACK, 0) + decoder + _descriptor(6, b"\2"))


def _descriptor(tag: int, data: bytes) -> bytes:
    assert len(data) < 128, "longer lengths need more bytes"
    return bytes([tag, len(data)]) + data


def _track(
    number: int,
    kind: Literal["vide", "soun"],
    media_header: bytes,
    samples: bytes,
    tables: _Tables,
    scale: int,
    size: tuple[int, int],
) -> bytes:
    duration = round(tables.duration * MOVIE_SCALE / scale)
    head = struct.pack(">QQIIQ", 0, 0, number, 0, duration) + bytes(8)
    head += struct.pack(">hhHH", 0, 0, 0x100 if kind == "soun" else 0, 0) + MATRIX
    head += struct.pack(">II", size[0] << 16, size[1] << 16)
    # "und": the language is not known.
    media = _full(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, scale, tables.duration, 0x55C4, 0))
    media += _full(b"hdlr", 0, 0, bytes(4) + kind.encode() + bytes(12) + b"Parley\0")
    data = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1) + _full(b"url ", 0, 1, b"")))
    media += _box(b"minf", media_header + data + samples)
    # Enabled, in the movie, in its preview.
    return _box(b"trak", _full(b"tkhd", 1, 7, head) + _box(b"mdia", media))


def _sample_tables(entry: bytes, tables: _Tables, start: int) -> bytes:
    boxes = _full(b"stsd", 0, 0, struct.pack(">I", 1) + entry)
    boxes += _full(b"stts", 0, 0, struct.pack(">I", len(tables.runs) // 2) + _big_endian(tables.runs))
    if tables.keys:
        boxes += _full(b"stss", 0, 0, struct.pack(">I", len(tables.keys)) + _big_endian(tables.keys))
    chunks = _chunk_runs(tables.chunk_counts)
    boxes += _full(b"stsc", 0, 0, struct.pack(">I", len(chunks) // 3) + _big_endian(chunks))
    boxes += _full(b"stsz", 0, 0, struct.pack(">II", 0, len(tables.sizes)) + _big_endian(tables.sizes))
    offsets = array("Q", (start + offset for offset in tables.chunk_offsets))
    return _box(b"stbl", boxes + _full(b"co64", 0, 0, struct.pack(">I", len(offsets)) + _big_endian(offsets)))


def _chunk_runs(counts: array[int]) -> array[int]:
    """`(first chunk, samples per chunk, sample description)` where the number changes."""
    runs = array("I")
    for index, count in enumerate(counts):
        if not runs or runs[-2] != count:
            runs.extend((index + 1, count, 1))
    return runs


def _big_endian(values: array[int]) -> bytes:
    swapped = values[:]
    swapped.byteswap()
    return swapped.tobytes()


def _full(kind: bytes, version: int, flags: int, data: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + data)


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data) + 8, kind) + data
