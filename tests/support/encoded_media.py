"""Sound and pictures as encoders make them: what independent clients publish, and a look at what arrives."""

from __future__ import annotations

import array
import cmath
import math
import random
from dataclasses import dataclass
from fractions import Fraction

import av

Colour = tuple[int, int, int]

SAMPLE_RATE = 48_000
TONE_HZ = 440
SOUND_MS = 20
FRAME_RATE = 15
BUFFERS_PER_SECOND = 4
# Frames of more than one packet each.
NOISE = 12
HISS = 100
DECODERS = {"vp8": "vp8", "h264": "h264", "opus": "opus"}
_ENCODERS = {"vp8": "libvpx", "h264": "libx264"}
_ENCODER_OPTIONS = {
    "vp8": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "h264": {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "threads": "1"},
}


@dataclass(frozen=True)
class EncodedFrame:
    at_ms: int
    data: bytes


def encode_pictures(
    codec: str, colour: Colour, width: int, height: int, bit_rate: int, seconds: int = 2
) -> list[EncodedFrame]:
    """One colour under a fresh noise; the first frame is the only keyframe."""
    encoder = av.CodecContext.create(_ENCODERS[codec], "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FRAME_RATE), Fraction(FRAME_RATE)
    encoder.bit_rate, encoder.gop_size = bit_rate, 1_000
    # The rate holds from the first frame on, as with encoders for calls: by itself x264's first half second
    # has two and a half times as much, more than is taken for granted of a path that nothing is known of.
    held = {"maxrate": str(bit_rate), "bufsize": str(bit_rate // BUFFERS_PER_SECOND)}
    encoder.options = _ENCODER_OPTIONS[codec] | (held if codec == "h264" else {})
    chance = random.Random(width)
    frames: list[EncodedFrame] = []
    for number in range(FRAME_RATE * seconds):
        picture = _noisy(colour, width, height, chance)
        picture.pts = number
        packets = encoder.encode(picture)
        assert len(packets) == 1, "an encoder for calls gives each frame at once"
        frames.append(EncodedFrame(number * 1_000 // FRAME_RATE, bytes(packets[0])))
    return frames


def _noisy(colour: Colour, width: int, height: int, chance: random.Random) -> av.VideoFrame:
    plain = av.VideoFrame(width, height, "rgb24")
    plane = plain.planes[0]
    plane.update(bytes(colour) * (plane.buffer_size // 3))
    picture = plain.reformat(format="yuv420p")
    luma = picture.planes[0]
    middle = bytes(luma)[0]
    lowest = max(0, min(255 - 2 * NOISE, middle - NOISE))
    noise = chance.randbytes(luma.buffer_size)
    luma.update(bytes(lowest + value * 2 * NOISE // 256 for value in noise))
    return picture


def encode_tone(seconds: int = 2) -> list[EncodedFrame]:
    """A sine wave of whole periods, so that it can be repeated, with a hiss that makes each frame another."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "stereo", "s16"
    encoder.bit_rate = 64_000
    chance = random.Random(TONE_HZ)
    count = SAMPLE_RATE * SOUND_MS // 1_000
    frames: list[EncodedFrame] = []
    for number in range(seconds * 1_000 // SOUND_MS):
        sound = av.AudioFrame(format="s16", layout="stereo", samples=count)
        sound.sample_rate, sound.pts = SAMPLE_RATE, number * count
        step = 2 * math.pi * TONE_HZ / SAMPLE_RATE
        first = number * count
        wave = (
            round(16_000 * math.sin(step * sample)) + chance.randrange(HISS)
            for sample in range(first, first + count)
        )
        sound.planes[0].update(array.array("h", (value for one in wave for value in (one, one))).tobytes())
        frames += [EncodedFrame(number * SOUND_MS, bytes(packet)) for packet in encoder.encode(sound)]
    return frames


def decode_pictures(codec: str, frames: list[bytes]) -> list[av.VideoFrame]:
    decoder = av.CodecContext.create(DECODERS[codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    return [picture for data in frames for picture in decoder.decode(av.Packet(data))]


def decode_sound(frames: list[bytes]) -> list[int]:
    """The samples of the left channel."""
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    sounds = [sound for data in frames for sound in decoder.decode(av.Packet(data))]
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    packed = [one for sound in sounds for one in resampler.resample(sound)]
    return [sample for one in packed for sample in array.array("h", bytes(one.planes[0]))[: one.samples]]


def colour_of(picture: av.VideoFrame) -> tuple[float, ...]:
    """The average colour of a picture, RGB."""
    plane = picture.reformat(format="rgb24").planes[0]
    pixels, row = bytes(plane), picture.width * 3
    rows = [
        pixels[start : start + row] for start in range(0, plane.line_size * picture.height, plane.line_size)
    ]
    count = picture.width * picture.height
    return tuple(sum(sum(one[part::3]) for one in rows) / count for part in range(3))


def share_of_tone(samples: list[int]) -> float:
    """The share of the sound's power that lies at the tone: 1 for the pure wave, near 0 for anything else."""
    total = sum(sample * sample for sample in samples)
    if total == 0:
        return 0.0
    step = -2j * math.pi * TONE_HZ / SAMPLE_RATE
    tone = abs(sum(sample * cmath.exp(step * number) for number, sample in enumerate(samples))) ** 2
    return 2 * tone / (len(samples) * total)
