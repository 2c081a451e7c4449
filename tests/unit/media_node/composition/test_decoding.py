"""Sound out of segments, whatever their packets hold."""

from pathlib import Path

import pytest

from media_node.recording.composition.decoding import PULSE, Faults, Pulse, sound
from media_node.recording.composition.plan import SAMPLE_RATE, LocalClip
from tests.support.recorded_meeting import microphone


@pytest.mark.parametrize("packet_ms", [20, 60, 120])
def test_of_a_clip_nothing_is_missing_wherever_it_begins(tmp_path: Path, packet_ms: int):
    (tmp_path / "pulse").write_bytes(bytes(PULSE.size))
    (piece,) = microphone("par_a", 0, 1.8, ((0, 2),), beeps=False, packet_samples=packet_ms * 48)
    (tmp_path / "segment").write_bytes(piece.data)
    for start_us in range(500_000, 620_000, 10_000):
        clip = LocalClip(0, str(tmp_path / "segment"), "opus", 0, start_us, 1_000_000)
        heard = list(sound([clip], Pulse(tmp_path / "pulse"), Faults()))
        ends = [time_us + len(samples) * 1_000_000 // SAMPLE_RATE for time_us, samples in heard]
        assert heard[0][0] <= start_us < ends[0]
        assert [time_us for time_us, _ in heard[1:]] == pytest.approx(ends[:-1], abs=1_000)
        assert ends[-1] >= 1_000_000
