"""Ladders: what can be received of a track, and what it costs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media_node.bandwidth.layers import HALF_LIFE_SECONDS, SHED_ALL, START_SECONDS, Layer, Limit, TrackLayers
from media_node.quantities import Instant

NOW = Instant(100.0)
KBPS = {(0, 0): 60, (0, 1): 80, (0, 2): 100, (1, 0): 200, (1, 1): 300, (1, 2): 400}
KBPS |= {(2, 0): 700, (2, 1): 900, (2, 2): 1200}


def grid(silent: tuple[int, ...] = (), **changes) -> list[Layer]:
    """Three resolutions at three frame rates."""
    return [
        Layer(
            spatial,
            temporal,
            spatial not in silent,
            0 if spatial in silent else kbps * 1000,
            changes.get("height", 180 * 2**spatial),
            7.5 * 2**temporal,
        )
        for (spatial, temporal), kbps in KBPS.items()
    ]


def track(content="motion", layers: list[Layer] | None = None) -> TrackLayers:
    found = TrackLayers(content)
    found.handle_layers(NOW, grid() if layers is None else layers)
    return found


def steps(found: TrackLayers, limit: Limit | None = None, now: Instant = NOW) -> list[tuple[int, int]]:
    return [(rung.spatial, rung.temporal) for rung in found.ladder(now, limit or Limit()).rungs]


def test_motion_keeps_its_frame_rate_and_text_its_resolution():
    assert steps(track("motion")) == [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2)]
    assert steps(track("text")) == [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2)]


def test_a_slot_gets_nothing_larger_than_it_shows():
    assert steps(track(), Limit(max_height=360)) == [(0, 0), (0, 1), (0, 2), (1, 2)]
    assert steps(track(), Limit(max_height=700)) == [(0, 0), (0, 1), (0, 2), (1, 2)]
    assert steps(track(), Limit(max_height=90)) == [(0, 0), (0, 1), (0, 2)]
    assert steps(track(), Limit(max_fps=15)) == [(0, 0), (0, 1), (1, 1), (2, 1)]
    assert steps(track(), Limit(max_height=1, max_fps=1)) == [(0, 0)]


def test_unknown_heights_follow_from_a_known_one():
    layers = [Layer(spatial, 0, True, 100_000 * 4**spatial) for spatial in range(2)]
    layers.append(Layer(2, 0, True, 1_600_000, height=720))
    assert steps(track(layers=layers), Limit(max_height=360)) == [(0, 0), (1, 0)]


def test_without_any_known_height_nothing_is_too_large():
    assert steps(track(layers=grid(height=0)), Limit(max_height=90))[-1] == (2, 2)


def test_a_node_short_of_cpu_takes_rungs_off_but_the_last():
    assert steps(track(), Limit(shed=1))[-1] == (1, 2)
    assert steps(track(), Limit(shed=20)) == [(0, 0)]
    assert steps(track(), Limit(shed=SHED_ALL)) == []
    assert track().ladder(NOW, Limit(shed=1)).is_shed
    assert not track().ladder(NOW, Limit()).is_shed


def test_a_rung_that_costs_as_much_as_a_better_one_is_left_out():
    layers = [
        Layer(0, 0, True, 500_000, 180),
        Layer(1, 0, True, 400_000, 360),
        Layer(2, 0, True, 900_000, 720),
    ]
    assert steps(track(layers=layers)) == [(1, 0), (2, 0)]


def test_before_anything_has_arrived_there_is_one_rung():
    assert len(TrackLayers().ladder(NOW, Limit(max_height=90)).rungs) == 1


def test_costs_rise_at_once_and_fall_slowly():
    found = track(layers=[Layer(0, 0, True, 1_000_000)])
    found.handle_layers(NOW, [Layer(0, 0, True, 2_000_000)])
    assert found.ladder(NOW, Limit()).rungs[0].cost_bps == 2_000_000
    found.handle_layers(Instant(NOW + HALF_LIFE_SECONDS), [Layer(0, 0, True, 10_000)])
    assert found.ladder(NOW, Limit()).rungs[0].cost_bps == 1_000_000


def test_costs_fall_just_as_far_when_they_are_looked_at_often():
    found = track(layers=[Layer(0, 0, True, 1_000_000)])
    for tick in range(1, 101):
        found.handle_layers(Instant(NOW + HALF_LIFE_SECONDS * tick / 100), [Layer(0, 0, True, 1000)])
    assert 480_000 < found.ladder(NOW, Limit()).rungs[0].cost_bps < 530_000


def test_costs_fall_to_what_was_measured_though_nothing_changes_any_more():
    found = track(layers=[Layer(0, 0, True, 1_000_000), Layer(1, 0, True, 3_000_000)])
    found.handle_layers(NOW, [Layer(0, 0, True, 100_000), Layer(1, 0, False, 0)])

    def costs(half_lives: float) -> tuple[int, ...]:
        found.handle_wanted(NOW, {0, 1})
        return found.ladder(Instant(NOW + half_lives * HALF_LIFE_SECONDS), Limit()).costs_bps

    assert costs(0) == (1_000_000, 3_000_000)
    assert costs(1)[0] == 500_000
    assert costs(2)[0] == 250_000
    assert costs(20)[0] == 100_000


def test_a_layer_that_goes_away_when_nobody_has_looked_for_long_keeps_what_it_was_measured_at():
    found = track(layers=[Layer(0, 0, True, 100_000), Layer(1, 0, True, 3_000_000)])
    found.handle_layers(NOW, [Layer(0, 0, True, 100_000), Layer(1, 0, True, 1_200_000)])
    later = Instant(NOW + 30 * HALF_LIFE_SECONDS)
    found.handle_layers(later, [Layer(0, 0, True, 100_000), Layer(1, 0, False, 0)])
    found.handle_wanted(later, {0, 1})
    assert found.ladder(later, Limit()).costs_bps == (100_000, 1_200_000)


def test_a_layer_that_was_away_costs_what_it_did_until_it_is_seen_to_cost_less():
    found = track(layers=[Layer(0, 0, True, 100_000), Layer(1, 0, True, 400_000)])
    found.handle_layers(NOW, [Layer(0, 0, True, 100_000), Layer(1, 0, False, 150_000)])
    later = Instant(NOW + 5 * HALF_LIFE_SECONDS)
    # What came of it in a part of half a second.
    found.handle_layers(later, [Layer(0, 0, True, 100_000), Layer(1, 0, True, 50_000)])
    assert found.ladder(later, Limit()).costs_bps == (100_000, 400_000)


def test_small_changes_of_a_rate_change_nothing():
    found = track(layers=[Layer(0, 0, True, 1_000_000)])
    assert not found.handle_layers(NOW, [Layer(0, 0, True, 1_040_000)])
    assert found.handle_layers(NOW, [Layer(0, 0, True, 1_060_000)])


def test_a_layer_the_sender_was_told_to_stop_can_be_had_again():
    found = track()
    found.handle_wanted(NOW, [0, 1])
    found.handle_layers(NOW, grid(silent=(2,)))
    rungs = found.ladder(Instant(NOW + 60), Limit()).rungs
    assert (rungs[-1].spatial, rungs[-1].cost_bps) == (2, 1_200_000)


def test_a_layer_that_does_not_come_when_asked_for_is_off_the_ladder_until_it_does():
    found = track()
    found.handle_wanted(NOW, [0, 1, 2])
    found.handle_layers(NOW, grid(silent=(2,)))
    assert found.is_waiting(NOW)
    assert steps(found)[-1] == (2, 2)
    assert [found.handle_timeout(NOW) for _ in range(3)] == [True, False, False]
    late = Instant(NOW + START_SECONDS)
    assert found.handle_timeout(late)
    assert not found.is_waiting(late)
    ladder = found.ladder(late, Limit())
    assert (ladder.rungs[-1].spatial, ladder.above) == (1, 2)
    found.handle_layers(late, grid())
    assert steps(found, now=late)[-1] == (2, 2)


def test_a_sender_that_cannot_give_a_layer_is_not_expected_to_give_a_better_one():
    found = track()
    found.handle_wanted(NOW, [0, 1])
    found.handle_layers(NOW, grid(silent=(1, 2)))
    late = Instant(NOW + START_SECONDS)
    found.handle_timeout(late)
    ladder = found.ladder(late, Limit())
    assert (ladder.rungs[-1].spatial, ladder.above) == (0, 1)


def test_a_still_screen_is_not_taken_for_a_weak_link():
    found = track("text")
    found.handle_wanted(NOW, [0, 1, 2])
    found.handle_layers(NOW, grid(silent=(0, 1, 2)))
    assert steps(found, now=Instant(NOW + 60))[-1] == (2, 2)


def test_what_was_never_seen_is_expected_to_cost_what_its_height_usually_does():
    found = track(layers=grid(silent=(0, 1, 2)))
    costs = [rung.cost_bps for rung in found.ladder(NOW, Limit()).rungs]
    assert costs == sorted(costs)
    assert costs[-1] == 1_500_000


@given(
    st.lists(
        st.builds(
            Layer,
            spatial=st.integers(0, 3),
            temporal=st.integers(0, 3),
            is_active=st.booleans(),
            bitrate_bps=st.integers(0, 5_000_000),
            height=st.sampled_from([0, 90, 180, 360, 720]),
            fps=st.sampled_from([0.0, 7.5, 15.0, 30.0]),
        ),
        max_size=12,
    ),
    st.builds(
        Limit,
        max_height=st.none() | st.integers(1, 1080),
        max_fps=st.none() | st.floats(1, 60),
        shed=st.integers(0, 5),
    ),
    st.sampled_from(["motion", "text"]),
)
def test_whatever_is_seen_makes_a_ladder_that_ascends(layers, limit, content):
    ladder = track(content, layers).ladder(NOW, limit)
    costs = [rung.cost_bps for rung in ladder.rungs]
    assert costs
    assert costs == sorted(set(costs))


def test_simulcast_that_has_not_come_yet_can_be_had_at_any_frame_rate():
    found = TrackLayers.of("motion", 3)
    assert [rung.spatial for rung in found.ladder(NOW, Limit()).rungs] == [0, 1, 2]
    found.handle_wanted(NOW, [0, 1, 2])
    found.handle_layers(NOW, grid(silent=(2,)))
    assert steps(found) == [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2)]
    found.handle_timeout(Instant(NOW + START_SECONDS))
    assert steps(found, now=Instant(NOW + START_SECONDS))[-1] == (1, 2)
