"""Tracks of sound into one that is never too loud, and how loud each was.

Arrays in, arrays out. Where the sum of voices would be clipped it is turned down a little before that, and
back up within a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from media_node.recording.composition.plan import SAMPLE_RATE
from media_node.recording.composition.speaker import HOP_US, SILENCE_DB

Samples = NDArray[np.float32]
Levels = NDArray[np.float64]
HOP_SAMPLES = SAMPLE_RATE * HOP_US // 1_000_000
# A track runs on as it came while its clock is off by less, a picture's quarter: cutting can be heard.
DRIFT_SAMPLES = SAMPLE_RATE // 100
# -1 dBFS: what AAC adds when it is decoded stays below full scale.
CEILING = 0.89
# Five milliseconds: shorter than what the ear takes for a change of loudness.
BLOCK_SAMPLES = SAMPLE_RATE // 200
# Back to full loudness in about 0.4 s.
RELEASE = 1.012
# Against a click where sound begins after a hole.
FADE_SAMPLES = 120


class Mix:
    """The sum of tracks over one stretch of the film."""

    def __init__(self, first_sample: int, end_sample: int) -> None:
        self._first = first_sample
        self.samples: Samples = np.zeros((end_sample - first_sample, 2), np.float32)

    def add(self, sound: Iterable[tuple[int, Samples]]) -> Levels:
        """Add a track.

        Args:
            sound: Film time in microseconds and samples, shape (n, 2), ascending.

        Returns:
            How loud it is, dBFS, one per hop counted from the first sample, shape (hops,).
        """
        energy = np.zeros(-(-len(self.samples) // HOP_SAMPLES))
        cursor: int | None = None
        for time_us, samples in sound:
            wanted = round(time_us * SAMPLE_RATE / 1_000_000) - self._first
            if cursor is None or abs(wanted - cursor) > DRIFT_SAMPLES:
                # Time that was heard already is not heard twice.
                skipped = 0 if cursor is None else max(0, cursor - wanted)
                cursor = wanted + skipped
                samples = _faded_in(samples[skipped:])
            self._put(cursor, samples, energy)
            cursor += len(samples)
        with np.errstate(divide="ignore"):
            levels = 10 * np.log10(energy / HOP_SAMPLES)
        heard: Levels = np.maximum(levels, SILENCE_DB)
        return heard

    def _put(self, at: int, samples: Samples, energy: Levels) -> None:
        start, end = max(0, at), min(len(self.samples), at + len(samples))
        if start >= end:
            return
        self.samples[start:end] += samples[start - at : end - at]
        for hop in range(start // HOP_SAMPLES, -(-end // HOP_SAMPLES)):
            begin, finish = max(start, hop * HOP_SAMPLES), min(end, (hop + 1) * HOP_SAMPLES)
            flat = samples[begin - at : finish - at].ravel()
            energy[hop] += float(np.dot(flat, flat)) / 2


def _faded_in(samples: Samples) -> Samples:
    faded = samples.copy()
    count = min(FADE_SAMPLES, len(faded))
    faded[:count] *= np.linspace(0, 1, count, dtype=np.float32)[:, None]
    return faded


def limit(samples: Samples) -> None:
    """Turn sound down, where it lies, until no sample is beyond CEILING; shape (n, 2)."""
    peaks = np.concatenate([_block_peaks(part) for _, part in _seconds(samples)] or [samples[:0, 0]])
    if peaks.max(initial=0.0) <= CEILING:
        return
    gains = _gains(peaks)
    # From gain to gain in a straight line; each end is low enough for the blocks on both sides.
    ends = np.minimum(np.append(gains, gains[-1]), np.insert(gains, 0, gains[0]))
    for first, part in _seconds(samples):
        places = (first + np.arange(len(part))) / BLOCK_SAMPLES
        part *= np.interp(places, np.arange(len(ends)), ends)[:, None].astype(np.float32)
        np.clip(part, -CEILING, CEILING, out=part)


def _seconds(samples: Samples) -> Iterator[tuple[int, Samples]]:
    """Parts of a second, and where each begins: what is made of a minute at once takes its memory again."""
    for first in range(0, len(samples), SAMPLE_RATE):
        yield first, samples[first : first + SAMPLE_RATE]


def _block_peaks(part: Samples) -> Samples:
    """The largest sample of each block; what is no number becomes silence."""
    np.nan_to_num(part, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
    return _largest(part, BLOCK_SAMPLES)


def _largest(samples: Samples, each: int) -> Samples:
    count = -(-len(samples) // each)
    padded = np.zeros((count * each, 2), np.float32)
    padded[: len(samples)] = np.abs(samples)
    largest: Samples = padded.reshape(count, -1).max(axis=1)
    return largest


def _gains(peaks: Samples) -> Levels:
    needed = np.minimum(1.0, CEILING / np.maximum(peaks, 1e-6).astype(np.float64))
    gains = np.empty_like(needed)
    gain = 1.0
    for block, limit in enumerate(needed):
        gain = min(limit, gain * RELEASE)
        gains[block] = gain
    # A loud word is turned down over the two blocks before it, not at once.
    gains[:-1] = np.minimum(gains[:-1], np.sqrt(gains[1:] * gains[:-1]))
    return gains


def peaks_of(samples: Samples) -> list[int]:
    """The largest sample of each hop, 0 to 127."""
    parts = (_largest(part, HOP_SAMPLES) for _, part in _seconds(samples))
    return [int(one) for part in parts for one in np.minimum(127, np.round(part * 127))]
