"""What is left of video and audio when twice as much comes as one core can forward?

One publisher sends a voice and bursts of eight to fifty viewers at twice the peak that was just measured.
Shown is what arrives each second against the peak, and how much of each kind is lost.

Usage: .venv/bin/python bench/overload.py [--long] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from bench._harness.peers import alternate, started

VIEWERS = 50
BURST = 8
VOICE = {"kind": "audio", "bursts": [1], "packetLen": 160, "intervalUs": 20_000}


def main() -> None:
    options = report.options(__doc__)
    rounds, seconds = (7, 4.0) if options.long else (3, 1.5)
    outcome = report.Report(f"Twice the load of one core, 1 to {VIEWERS}; median (range) of {rounds}")
    roles = [
        {"count": 1, "audio": True, "video": True},
        {"count": VIEWERS, "audioSlots": 1, "videoSlots": 1, "feedback": False},
    ]
    with started(["parley", "janus"]) as (engine, targets):
        for world, target in targets.items():
            engine.open(world, target, roles)
            load = {"kind": "video", "bursts": [BURST], "packetLen": 1180, "seconds": seconds}
            peaks = alternate(engine, [world], "lockstep", rounds, **load)[world]
            peak = report.Spread.of(map(report.packets_per_core_second, peaks)).median
            interval_us = round(1e6 * VIEWERS * BURST / (2 * peak))
            video = {"kind": "video", "bursts": [BURST], "packetLen": 1180, "intervalUs": interval_us}
            runs = alternate(engine, [world], "paced", rounds, seconds=seconds, streams=[VOICE, video])[world]
            offered = report.Spread.of(run["expected"]["video"] / seconds / peak for run in runs)
            kept = report.Spread.of(run["delivered"]["video"] / seconds / peak for run in runs)
            efficiency = report.Spread.of(report.packets_per_core_second(run) / peak for run in runs)
            audio = report.Spread.of(report.loss_percent(run, ["audio"]) for run in runs)
            text = (
                f"{kept.text('{:.2f}')} of the peak arrives of {offered.median:.2f} offered, "
                f"{efficiency.median:.2f} by CPU time; audio lost {audio.text('{:.1f}')} %"
            )
            outcome.add(
                world, text, peak=peak, kept=kept, byCpu=efficiency, offered=offered, audioLossPercent=audio
            )
            engine.ask("close", world=world)
    outcome.write(options.json)


if __name__ == "__main__":
    main()
