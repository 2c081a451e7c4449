"""Where do 6,900 meetings a second go in a region of 500 nodes?

The control plane's own placing runs in virtual time against stores in memory that refuse as DynamoDB would
(tests/support/fleet_simulation.py): 200 function instances, each with a snapshot of its own that is up to two
seconds old. Nothing may be overfilled, nobody turned away; printed are how even the nodes are, and how many
decisions one core takes a second.

Usage: .venv/bin/python bench/placement.py [--long] [--json FILE]
"""

from __future__ import annotations

import dataclasses
import gc
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from tests.support.fleet_simulation import Outcome, Scenario, Simulation

CALM = Scenario(capacity_units=6_000, mean_life_seconds=30.0)
ROUGH = dataclasses.replace(CALM, lost_reports=0.05, late_reports=0.1, lost_releases=0.01, deaths=5)
SCENARIOS = {
    "calm": CALM,
    "2 % of 30 to 99 people": dataclasses.replace(CALM, crowds=0.02),
    "5 nodes die, reports lost and late": ROUGH,
}


def text_of(outcome: Outcome) -> str:
    decisions = outcome.created / outcome.cpu_seconds
    return (
        f"{outcome.created:,} created, {outcome.failed} failed, {outcome.over_capacity} over capacity, "
        f"fullest {max(outcome.fullest_of_mean):.2f} x mean at {max(outcome.mean_fill):.0%} full; "
        f"{outcome.refused_writes} writes refused, {outcome.asked_again} asked again, "
        f"{outcome.leaked} units set aside for nobody; {decisions:,.0f} decisions per core-s"
    )


def main() -> None:
    options = report.options(__doc__)
    logging.disable(logging.CRITICAL)
    # A function's heap is small; here a hundred thousand meetings would be looked at again and again.
    gc.disable()
    seconds = 60.0 if options.long else 30.0
    outcome = report.Report(f"6,900 meetings a second on 500 nodes, {seconds:.0f} s of virtual time")
    for name, scenario in SCENARIOS.items():
        found = Simulation(dataclasses.replace(scenario, seconds=seconds)).run()
        outcome.add(name, text_of(found), **dataclasses.asdict(found))
    outcome.write(options.json)


if __name__ == "__main__":
    main()
