"""How many packets does one core forward: the ideal loop, a Parley node and Janus, in one run?

One publisher and fifty viewers, joined as real clients join, each server alone on one core and the clients
on another. The next burst goes out when the last has come, so that nobody gains by a backlog. Figures are
media packets that arrived by CPU seconds of the whole server, Python and signaling included; rounds
alternate.

The viewers give receiver reports and NACK but no transport-wide feedback: the pace of an estimated path
would hold back a load of some 200 Mbit/s per viewer, as it should.

Usage: .venv/bin/python bench/forwarding_peers.py [--long] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from bench._harness.peers import alternate, started

VIEWERS = 50
LOADS: dict[str, dict[str, Any]] = {
    "bursts of 8 x 1,180 B": {"kind": "video", "bursts": [8], "packetLen": 1180},
    "bursts of 4 x 1,180 B": {"kind": "video", "bursts": [4], "packetLen": 1180},
    "single packets of 1,180 B": {"kind": "video", "bursts": [1], "packetLen": 1180},
    "audio, 160 B": {"kind": "audio", "bursts": [1], "packetLen": 160},
}


def describe(outcome: report.Report, name: str, runs: dict[str, list[dict[str, Any]]]) -> None:
    speeds = {world: [report.packets_per_core_second(run) for run in found] for world, found in runs.items()}
    for world, found in runs.items():
        spread = report.Spread.of(speeds[world])
        loss = max(report.loss_percent(run) for run in found)
        ratios = [own / best for own, best in zip(speeds[world], speeds["ideal"], strict=True)]
        ratio = report.Spread.of(ratios)
        unsound = sum(run["unsound"] for run in found)
        values = {"speed": spread, "ratioToIdeal": ratio, "lossPercent": loss, "unsound": unsound}
        if world == "parley":
            values["planeThreadAlone"] = report.Spread.of(map(report.packets_per_plane_second, found))
        line = f"{spread.text()} packets/core-s, {ratio.text('{:.2f}')} of ideal, loss {loss:.2f} %"
        outcome.add(f"{name}: {world}", line, **values)
    if "janus" in speeds:
        times = report.Spread.of(
            own / other for own, other in zip(speeds["parley"], speeds["janus"], strict=True)
        )
        outcome.add(f"{name}: Parley to Janus", f"x {times.text('{:.1f}')}", ratio=times)


def main() -> None:
    options = report.options(__doc__)
    rounds, seconds = (9, 2.0) if options.long else (3, 0.8)
    outcome = report.Report(f"Forwarding on one core, 1 to {VIEWERS}, AES-GCM; median (range) of {rounds}")
    roles = [
        {"count": 1, "audio": True, "video": True},
        {"count": VIEWERS, "audioSlots": 1, "videoSlots": 1, "feedback": False},
    ]
    with started(["ideal", "parley", "janus"]) as (engine, targets):
        for world, target in targets.items():
            engine.open(world, target, roles)
        for name, load in LOADS.items():
            describe(
                outcome, name, alternate(engine, list(targets), "lockstep", rounds, seconds=seconds, **load)
            )
    outcome.write(options.json)


if __name__ == "__main__":
    main()
