"""The process that decodes may die or stand still: the clip that did it is known."""

import sys
from pathlib import Path

import pytest

from media_node.errors import WorkerError
from media_node.recording.composition.plan import SoundPlan
from media_node.recording.composition.worker_link import Worker

PLAN = SoundPlan(0, 1, 0, 1000, {}, "")
BEGIN = """
import os, sys
from pathlib import Path
from media_node.recording.composition.decoding import Pulse
pulse = Pulse(Path(sys.argv[1]))
sys.stdin.readline()
pulse.beat(7)
"""


def worker(folder: Path, script: str, still_seconds: float = 60.0) -> Worker:
    return Worker(folder, still_seconds, (sys.executable, "-c", BEGIN + script))


def test_a_process_that_aborts_says_at_which_clip(tmp_path: Path):
    with pytest.raises(WorkerError, match="died") as caught:
        worker(tmp_path, "os.abort()").ask_sound(PLAN)
    assert caught.value.clip == 7


def test_a_process_that_stands_still_is_ended(tmp_path: Path):
    link = worker(tmp_path, "sys.stdin.readline()", still_seconds=0.1)
    with pytest.raises(WorkerError, match="stood still") as caught:
        link.ask_sound(PLAN)
    assert caught.value.clip == 7
    assert link.pid is None


def test_a_process_that_died_is_followed_by_another(tmp_path: Path):
    link = Worker(tmp_path)
    first = link.ask_sound(SoundPlan(0, 2, 0, 42_000, {}, str(tmp_path / "sound")))
    link.close()
    second = link.ask_sound(SoundPlan(0, 2, 0, 42_000, {}, str(tmp_path / "sound")))
    link.close()
    assert first == second
    assert len(first.packet_sizes) == 2
