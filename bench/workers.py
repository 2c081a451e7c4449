"""What do two workers forward against one?

Two meetings of one publisher and fifty viewers in bursts of eight, on a node with one worker, then on one
with two, so that each has a meeting. What a worker's CPU second is worth is compared, twice that for two:
where workers hold each other up, by locks, caches or the kernel, a second is worth less. Clocks of the
threads alone, because two cores have no room for two workers and their clients.

Usage: .venv/bin/python bench/workers.py [--long] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from bench._harness.peers import alternate, started

ROLES = [{"count": 1, "video": True}, {"count": 50, "videoSlots": 1, "feedback": False}]
LOADS = {"bursts of 8": 8, "single packets": 1}


def measure(workers: int, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Packets per CPU second of a worker, by load; all of them busy."""
    found = {}
    with started(["parley"], {"PARLEY_NODE_WORKERS": str(workers)}) as (engine, targets):
        engine.open("parley", targets["parley"], ROLES, meetings=2)
        for name, burst in LOADS.items():
            load = {"kind": "video", "bursts": [burst], "packetLen": 1180, "window": 2, "seconds": seconds}
            runs = alternate(engine, ["parley"], "lockstep", rounds, **load)["parley"]
            busy = [thread for thread in runs[-1]["cpu"]["threadsNs"] if thread.startswith("plane")]
            assert len(busy) == workers, f"{workers} workers, of which {busy} had something to do"
            found[name] = [report.packets_per_plane_second(run) for run in runs]
    return found


def main() -> None:
    options = report.options(__doc__)
    rounds, seconds = (9, 2.0) if options.long else (5, 0.8)
    outcome = report.Report(f"Two workers against one; median (range) of {rounds}")
    one, two = (measure(workers, rounds, seconds) for workers in (1, 2))
    for name in LOADS:
        alone, together = report.Spread.of(one[name]), report.Spread.of(two[name])
        gain = 2 * together.median / alone.median
        text = f"x {gain:.2f}; one {alone.text()}, each of two {together.text()} packets/core-s"
        outcome.add(name, text, gain=gain, one=alone, eachOfTwo=together)
    outcome.write(options.json)


if __name__ == "__main__":
    main()
