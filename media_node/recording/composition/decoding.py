"""Pictures and sound out of segments: the one place where bytes from outside meet libav.

Runs in a process of its own: libav may abort on odd input. `Pulse` says to the parent which clip is being
decoded, so that after a death it knows whose fault that was.
"""

from __future__ import annotations

import itertools
import mmap
import struct
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from media_node.recording.composition.plan import SAMPLE_RATE, BadClip, LocalClip

Samples = NDArray[np.float32]
# A picture of 4096 by 2304; more is no camera and no screen, but a bomb.
MOST_PIXELS = 4096 * 2304
# The header says what is inside; nothing is read ahead to guess it.
OPEN_OPTIONS = {"probesize": "65536", "analyzeduration": "0"}
# Spares the smoothing of pictures that no other one is made from: nothing of that is left in a smaller tile.
SMALL_OPTIONS = {"skip_loop_filter": "noref"}
# Clip number and beats, little endian; -1 is no clip.
PULSE = struct.Struct("<qq")
NO_CLIP = -1


class Pulse:
    """What is being done at this moment, in memory shared with the parent through a file."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), PULSE.size)
        self._beats = 0

    def beat(self, clip: int = NO_CLIP) -> None:
        self._beats += 1
        PULSE.pack_into(self._memory, 0, clip, self._beats)

    def read(self) -> tuple[int, int]:
        """Clip number and beats, as the other side wrote them."""
        clip, beats = PULSE.unpack_from(self._memory, 0)
        return clip, beats


class Faults:
    """Clips with which something is wrong, each told once."""

    def __init__(self) -> None:
        self._text_by_number: dict[int, str] = {}

    def note(self, clip: LocalClip, text: str) -> None:
        self._text_by_number.setdefault(clip.number, text)

    def told(self) -> list[BadClip]:
        return [BadClip(number, text) for number, text in self._text_by_number.items()]


class Pictures:
    """The pictures of one track, asked for with times that ascend: the middles of ticks at `rate`.

    `is_small` says that they are shown at half their size or below; it counts from the next clip on.
    """

    def __init__(self, clips: Sequence[LocalClip], rate: int, pulse: Pulse, faults: Faults) -> None:
        self.is_small = False
        self._rate = rate
        self._decoded = self._decode_all(clips)
        self._pulse = pulse
        self._faults = faults
        self._next: tuple[int, av.VideoFrame] | None = None
        self._is_over = False
        self.shown: av.VideoFrame | None = None

    def advance(self, until_us: int) -> bool:
        """Go on to the last picture that is not later; whether that is another one than before."""
        changed = False
        while not self._is_over:
            if self._next is None:
                self._next = next(self._decoded, None)
                self._is_over = self._next is None
                continue
            if self._next[0] > until_us:
                break
            self.shown, self._next = self._next[1], None
            changed = True
        return changed

    def _decode_all(self, clips: Sequence[LocalClip]) -> Iterator[tuple[int, av.VideoFrame]]:
        for clip in clips:
            yield from self._decode(clip)

    def _decode(self, clip: LocalClip) -> Iterator[tuple[int, av.VideoFrame]]:
        """Frames inside the clip; of those before its begin, the last, as it is still seen then."""
        before: av.VideoFrame | None = None
        packets = frames = 0
        try:
            with av.open(clip.path, format="matroska", options=OPEN_OPTIONS) as container:
                stream = container.streams.video[0]
                context = stream.codec_context
                prepare(context, SMALL_OPTIONS if self.is_small else {})
                for packet, following in itertools.pairwise(itertools.chain(container.demux(stream), [None])):
                    assert packet is not None
                    is_seen = self._is_seen(clip, packet, following)
                    # What is not seen is decoded only where another picture is made from it.
                    context.skip_frame = "DEFAULT" if is_seen else "NONREF"
                    packets += packet.size > 0 and is_seen
                    for time_us, frame in self._decode_packet(clip, context, packet):
                        frames += 1
                        if time_us < clip.start_us:
                            before = frame
                            continue
                        if before is not None:
                            yield clip.start_us, before
                            before = None
                        if time_us >= clip.end_us:
                            return
                        yield time_us, frame
        except (av.FFmpegError, IndexError, ValueError) as exc:
            self._faults.note(clip, f"cannot be read: {exc}")
        if before is not None:
            yield clip.start_us, before
        # Frames are lost with the packets that carried them; a segment of which half is left is shown.
        if frames * 2 < packets or packets == 0:
            self._faults.note(clip, f"{frames} of {packets} pictures could be decoded")

    def _is_seen(self, clip: LocalClip, packet: av.Packet[Any], following: av.Packet[Any] | None) -> bool:
        """Whether a tick's middle comes while this picture is the last: of 30 a second a film shows 25."""
        moments = [
            _film_us(clip, one.pts * one.time_base)
            for one in (packet, following)
            if one is not None and one.pts is not None and one.time_base is not None
        ]
        if len(moments) < 2:
            return True
        begin, end = moments
        next_tick = -((1_000_000 - 2 * begin * self._rate) // 2_000_000)
        return (2 * next_tick + 1) * 1_000_000 // (2 * self._rate) < end

    def _decode_packet(
        self, clip: LocalClip, context: VideoCodecContext, packet: av.Packet[Any]
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        self._pulse.beat(clip.number)
        try:
            decoded = context.decode(packet)
        except av.FFmpegError:
            # One broken packet is a picture less; how many were lost is counted.
            return
        for frame in decoded:
            if frame.pts is None or frame.time_base is None:
                continue
            yield _film_us(clip, frame.pts * frame.time_base), frame


def _film_us(clip: LocalClip, time: Fraction) -> int:
    """Film time of a moment of the segment's own time, in seconds."""
    return clip.origin_us + round(time * 1_000_000)


def sound(clips: Sequence[LocalClip], pulse: Pulse, faults: Faults) -> Iterator[tuple[int, Samples]]:
    """The sound of one track: film time and samples at SAMPLE_RATE, shape (n, 2), from -1 to 1.

    One decoder goes through all clips: where a segment ends nothing does for the ear.
    """
    decoder = _OpusDecoder()
    for clip in clips:
        packets = frames = 0
        try:
            with av.open(clip.path, format="matroska", options=OPEN_OPTIONS) as container:
                stream = container.streams.audio[0]
                if stream.codec_context.name not in ("opus", "libopus"):
                    raise ValueError(f"codec {stream.codec_context.name}")
                for packet in container.demux(stream):
                    if packet.size == 0 or packet.pts is None:
                        continue
                    packets += 1
                    pulse.beat(clip.number)
                    time_us = clip.origin_us + round(packet.pts * float(stream.time_base or 0) * 1_000_000)
                    if time_us >= clip.end_us:
                        break
                    samples = decoder.decode(packet)
                    frames += samples is not None
                    # A packet that reaches into the clip is heard from its begin on: it may hold 120 ms.
                    if samples is not None and time_us + _lasts_us(samples) > clip.start_us:
                        yield time_us, samples
        except (av.FFmpegError, IndexError, ValueError) as exc:
            faults.note(clip, f"cannot be read: {exc}")
        if frames * 2 < packets:
            faults.note(clip, f"{frames} of {packets} packets of sound could be decoded")


def _lasts_us(samples: Samples) -> int:
    return len(samples) * 1_000_000 // SAMPLE_RATE


class _OpusDecoder:
    """libopus without the header's pre-skip: segments are cut out of a stream that went on before them."""

    def __init__(self) -> None:
        context = av.CodecContext.create("libopus", "r")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = SAMPLE_RATE
        context.layout = "stereo"
        self._context = context
        self._resampler = av.AudioResampler("flt", "stereo", SAMPLE_RATE)

    def decode(self, packet: av.Packet[Any]) -> Samples | None:
        try:
            decoded = self._context.decode(av.Packet(bytes(packet)))
        except av.FFmpegError:
            return None
        parts = [
            part.to_ndarray().reshape(-1, 2) for frame in decoded for part in self._resampler.resample(frame)
        ]
        return np.concatenate(parts) if parts else None


def prepare(context: VideoCodecContext, options: Mapping[str, str]) -> None:
    """One thread: threads cost memory for each camera, and a crash is to be told from its clip."""
    context.thread_count = 1
    context.options = {"max_pixels": str(MOST_PIXELS), **options}
