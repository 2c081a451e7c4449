"""The node's policy in the loop: estimates of several links over time, and what each viewer is given."""

from __future__ import annotations

import random
from itertools import pairwise

from media_node.bandwidth.restraint import WAIT_SECONDS
from tests.support.stage import Stage, grid

TICK = 0.25
VIEWERS = ("ben", "carl", "dora")
Layer = tuple[int, int] | None


def watched() -> Stage:
    """Three people watch Anna, each over a link of its own."""
    stage = Stage()
    stage.join("anna", "microphone", "camera")
    stage.layers("anna", grid())
    for viewer in VIEWERS:
        stage.join(viewer, "microphone")
        stage.estimate(viewer, 3_000_000)
        stage.show(viewer, 0, "anna")
    return stage


def run(
    stage: Stage, seconds: float, bps_by_viewer: dict[str, float], tremble: float = 0.0
) -> list[list[Layer]]:
    """What each viewer has after each tick, as its estimate is told around a value."""
    chance = random.Random(7)
    seen: list[list[Layer]] = []
    for _ in range(round(seconds / TICK)):
        for viewer, bps in bps_by_viewer.items():
            stage.estimate(viewer, bps * (1 + chance.uniform(-tremble, tremble)))
        stage.wait(TICK)
        stage.layers("anna", grid())
        seen.append([stage.layer(viewer) for viewer in VIEWERS])
    return seen


def changes(seen: list[Layer]) -> int:
    return sum(before != after for before, after in pairwise(seen))


def test_each_viewer_has_what_its_own_link_carries_and_a_fall_of_one_is_nobody_elses():
    stage = watched()
    wide = {"ben": 3_000_000.0, "carl": 3_000_000.0, "dora": 3_000_000.0}
    assert run(stage, 3, wide)[-1] == [(2, 1)] * 3
    seen = run(stage, 5, {**wide, "carl": 250_000.0})
    assert seen[0] == [(2, 1), (0, 1), (2, 1)], "a fall counts in the tick in which it is told"
    assert all(one == seen[0] for one in seen)


def test_a_link_that_recovers_is_used_within_two_seconds_and_by_one_step_up_at_a_time_at_most_once_each():
    stage = watched()
    narrow = {"ben": 3_000_000.0, "carl": 80_000.0, "dora": 3_000_000.0}
    run(stage, 5, narrow)
    back = [carl or (-1, -1) for _, carl, _ in run(stage, 4, {**narrow, "carl": 3_000_000.0})]
    assert (2, 1) in back[: round(2 / TICK)]
    assert sorted(back) == back
    assert back[-1] == (2, 1)


def test_links_that_tremble_around_a_step_come_to_rest():
    stage = watched()
    around = {"ben": 440_000.0, "carl": 135_000.0, "dora": 320_000.0}
    run(stage, 5, around)
    seen = run(stage, 30, around, tremble=0.09)
    for number, viewer in enumerate(VIEWERS):
        assert changes([one[number] for one in seen]) <= 1, viewer


def test_a_step_up_that_a_link_took_back_is_taken_again_when_its_time_has_come_though_no_estimate_is_told():
    stage = watched()
    stage.show("ben", 0, "anna", max_height=360)
    others = {"carl": 3_000_000.0, "dora": 3_000_000.0}

    def of_ben(seconds: float, bps: float | None) -> list[Layer]:
        return [ben for ben, _, _ in run(stage, seconds, others if bps is None else {**others, "ben": bps})]

    of_ben(12, 300_000)
    low, high = of_ben(TICK, 300_000)[-1], of_ben(3, 550_000)[-1]
    assert of_ben(2 * TICK, 300_000)[-1] == low
    assert of_ben(TICK, 550_000)[-1] == low
    seen = of_ben(WAIT_SECONDS + 2, None)
    assert seen[0] == low, "not yet"
    assert seen[-1] == high
    assert changes(seen) == 1
