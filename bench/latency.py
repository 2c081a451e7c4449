"""How long does a packet take through a node, from the sender's call to the receiver's queue?

The clock stops at the kernel's arrival stamp, so that a slow client is not taken for a slow server. A
meeting of four with voices and cameras; then one publisher to fifty in bursts of eight, at half of what one
core forwards.

Usage: .venv/bin/python bench/latency.py [--long] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from bench._harness.engine import Engine
from bench._harness.peers import alternate, started

VOICE = {"kind": "audio", "bursts": [1], "packetLen": 160, "intervalUs": 20_000}
CAMERA = {"kind": "video", "bursts": [4, 3, 5], "packetLen": 1180, "intervalUs": 33_333}
VIEWERS = 50
BURST = 8


def times(runs: list[dict[str, Any]], which: str, share: str) -> report.Spread:
    return report.Spread.of(run["latencyUs"][which][share] for run in runs if run["latencyUs"][which])


def meeting_of_four(
    engine: Engine, targets: dict[str, Any], outcome: report.Report, rounds: int, seconds: float
) -> None:
    role = {"count": 4, "audio": True, "video": True, "audioSlots": 3, "videoSlots": 3, "feedback": False}
    for world, target in targets.items():
        engine.open(world, target, [role])
    streams = [VOICE, CAMERA]
    # A stream's first packets come before anybody's slot carries it: those are not what is lost on the way.
    alternate(engine, list(targets), "paced", 1, seconds=0.2, streams=streams)
    runs = alternate(engine, list(targets), "paced", rounds, seconds=seconds, streams=streams, latency=True)
    for world, found in runs.items():
        for kind in ("audio", "video"):
            middle, late = times(found, kind, "p50"), times(found, kind, "p99")
            loss = max(report.loss_percent(run) for run in found)
            text = f"p50 {middle.text()} µs, p99 {late.text()} µs, loss {loss:.2f} %"
            outcome.add(f"meeting of 4, {kind}: {world}", text, p50Us=middle, p99Us=late)
        engine.ask("close", world=world)


def half_load(
    engine: Engine, targets: dict[str, Any], outcome: report.Report, rounds: int, seconds: float
) -> None:
    roles = [{"count": 1, "video": True}, {"count": VIEWERS, "videoSlots": 1, "feedback": False}]
    for world, target in targets.items():
        engine.open(world, target, roles)
        peak = [
            report.packets_per_core_second(
                engine.ask("lockstep", world=world, seconds=0.5, kind="video", bursts=[BURST], packetLen=1180)
            )
            for _ in range(3)
        ][-1]
        interval_us = round(1e6 / (peak / 2 / VIEWERS / BURST))
        stream = {"kind": "video", "bursts": [BURST], "packetLen": 1180, "intervalUs": interval_us}
        runs = alternate(engine, [world], "paced", rounds, seconds=seconds, streams=[stream], latency=True)[
            world
        ]
        first, last = times(runs, "firstReceiver", "p50"), times(runs, "lastReceiver", "p99")
        loss = max(report.loss_percent(run) for run in runs)
        text = (
            f"first p50 {first.text()} µs, last p99 {last.text()} µs "
            f"at {peak / 2:,.0f} packets/s, loss {loss:.2f} %"
        )
        outcome.add(
            f"1 to {VIEWERS}, half load: {world}", text, firstP50Us=first, lastP99Us=last, rate=peak / 2
        )
        engine.ask("close", world=world)


def main() -> None:
    options = report.options(__doc__)
    rounds, seconds = (9, 4.0) if options.long else (3, 1.5)
    outcome = report.Report(f"Added latency; median (range) of {rounds}")
    with started(["ideal", "parley", "janus"]) as (engine, targets):
        meeting_of_four(engine, targets, outcome, rounds, seconds)
        half_load(engine, targets, outcome, rounds, seconds)
    outcome.write(options.json)


if __name__ == "__main__":
    main()
