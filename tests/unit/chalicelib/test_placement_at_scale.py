"""A region under load: nothing is overfilled, nobody is turned away, all nodes are about as full."""

from __future__ import annotations

import dataclasses

from tests.support.fleet_simulation import Scenario, Simulation

# bench/placement.py asks the same of five hundred nodes.
SMALL = Scenario(
    nodes=20, creates_per_second=100, seconds=30, mean_life_seconds=30, instances=8, capacity_units=3_000
)


def test_a_steady_stream_of_meetings_fills_nodes_evenly():
    outcome = Simulation(SMALL).run()
    assert outcome.created > 2_500
    assert (outcome.failed, outcome.over_capacity, outcome.leaked) == (0, 0, 0)
    assert max(outcome.fullest_of_mean) <= 1.2


def test_deaths_lost_and_late_reports_and_lost_releases_turn_nobody_away():
    rough = dataclasses.replace(
        SMALL, lost_reports=0.05, late_reports=0.1, lost_releases=0.02, deaths=2, crowds=0.02, seconds=40
    )
    outcome = Simulation(rough).run()
    assert outcome.asked_again > 0
    assert (outcome.failed, outcome.over_capacity) == (0, 0)
    # What is lost in half a minute may still be set aside, and no more.
    assert outcome.leaked <= 40 * rough.lost_releases * rough.creates_per_second * 12


def test_a_region_that_is_full_says_so_and_is_not_overfilled():
    outcome = Simulation(dataclasses.replace(SMALL, capacity_units=300, crowds=0.02, seconds=15)).run()
    assert outcome.failed > 0
    assert outcome.over_capacity == 0
