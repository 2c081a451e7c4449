"""Sound that is added up, and never too loud."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_node.recording.composition.mixing import CEILING, DRIFT_SAMPLES, Mix, limit, peaks_of

PACKET = 960


def packets(amplitude: float, times_us: list[int]) -> list[tuple[int, np.ndarray]]:
    return [(time_us, np.full((PACKET, 2), amplitude, np.float32)) for time_us in times_us]


def test_tracks_are_added_at_their_time():
    mix = Mix(48_000, 96_000)
    mix.add(packets(0.25, [1_500_000]))
    mix.add(packets(0.25, [1_510_000]))
    assert mix.samples[23_999].max() == 0
    assert mix.samples[24_200].max() == 0.25
    assert mix.samples[24_700].max() == 0.5
    assert mix.samples[25_400].max() == 0.25
    assert mix.samples[25_500].max() == 0


def test_packets_that_jitter_follow_each_other_without_a_seam():
    mix = Mix(0, 9600)
    mix.add(packets(0.5, [0, 19_000, 41_000, 60_500]))
    assert mix.samples[200:3840].min() == pytest.approx(0.5)
    assert mix.samples[3840:].max() == 0


def test_a_clock_that_drifts_is_followed():
    mix = Mix(0, 480_000)
    # A sender whose 20 ms are 20.1 ms: a second of sound takes 1.005 s.
    mix.add(packets(0.5, [index * 20_100 for index in range(400)]))
    heard = np.flatnonzero(mix.samples[:, 0])
    assert abs(int(heard[-1]) - 400 * 20_100 * 48 // 1000) <= DRIFT_SAMPLES + PACKET


def test_how_loud_a_track_is_is_told_per_hop():
    mix = Mix(0, 9600)
    levels = mix.add(packets(1.0, [0, 20_000, 40_000, 60_000, 80_000]))
    assert levels[0] == pytest.approx(0.0, abs=0.2)
    assert levels[1] == -100.0


def test_a_packet_that_fills_more_than_a_hop_is_heard_in_each():
    mix = Mix(0, 6 * 4800)
    levels = mix.add([(number * 120_000, np.ones((5760, 2), np.float32)) for number in range(5)])
    assert levels == pytest.approx([0.0] * 6, abs=0.1)


@settings(deadline=None)
@given(st.lists(st.floats(-9, 9), min_size=1, max_size=40), st.integers(1, 700))
def test_no_sample_is_ever_beyond_the_ceiling(values, repeat):
    samples = np.repeat(np.array(values, np.float32), repeat)[:, None].repeat(2, axis=1)
    limit(samples)
    assert np.abs(samples).max() <= CEILING + 1e-6


def test_what_is_not_too_loud_stays_as_it_is():
    samples = np.linspace(-0.8, 0.8, 4800, dtype=np.float32)[:, None].repeat(2, axis=1)
    before = samples.copy()
    limit(samples)
    assert np.array_equal(samples, before)


def test_a_loud_word_is_turned_down_and_what_is_far_from_it_is_not():
    samples = np.full((48_000, 2), 0.5, np.float32)
    samples[20_000:22_000] = 2.0
    limit(samples)
    assert samples[5000, 0] == pytest.approx(0.5)
    assert samples[-1, 0] == pytest.approx(0.5)
    assert samples[21_000, 0] == pytest.approx(CEILING, abs=0.02)


def test_a_loud_word_over_the_end_of_a_second_is_turned_down_without_a_step():
    times = np.arange(3 * 48_000) / 48_000
    samples = np.sin(2 * np.pi * 50 * times).astype(np.float32)[:, None].repeat(2, axis=1)
    samples[40_000:110_000] *= 3
    limit(samples)
    steepest = 3 * 2 * np.pi * 50 / 48_000
    assert np.abs(np.diff(samples[42_000:108_000, 0])).max() < steepest


def test_a_minute_is_turned_down_where_it_lies():
    samples = np.full((60 * 48_000, 2), 2.0, np.float32)
    tracemalloc.start()
    limit(samples)
    peaks_of(samples)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < samples.nbytes / 4


def test_sound_that_is_no_number_is_silence():
    broken = np.full((960, 2), np.nan, np.float32)
    limit(broken)
    assert np.abs(broken).max() == 0


def test_peaks_are_told_per_hop():
    samples = np.zeros((9600, 2), np.float32)
    samples[100] = -0.5
    assert peaks_of(samples) == [64, 0]
