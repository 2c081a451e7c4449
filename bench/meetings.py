"""What do fifty meetings of four cost: voices, and cameras of three layers?

Everybody sends and receives everybody else, as in a browser: audio of 160 B at 50 packets a second, or a
camera in three sizes whose frames differ in length. Time is real: nothing is hurried, so that each packet
comes alone or with those of its frame. Figures are media packets that arrived by CPU seconds of the whole
server.

The ideal loop forwards all that it gets and cannot choose layers, so that it is beside the voices alone.
"As fast as it goes" sends one packet of each of 32 people at a time.

Usage: .venv/bin/python bench/meetings.py [--long] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from bench._harness.engine import Engine
from bench._harness.peers import alternate, started

MEETINGS = 50
SIZE = 4
VOICE = {"kind": "audio", "bursts": [1], "packetLen": 160, "intervalUs": 20_000}
# 30 pictures a second in each size; about 100 and 400 kbit/s and 1.7 Mbit/s.
CAMERA = [
    {"kind": "video", "layer": 0, "bursts": [1], "packetLen": 420, "intervalUs": 33_333},
    {"kind": "video", "layer": 1, "bursts": [2, 1, 2, 1], "packetLen": 1130, "intervalUs": 33_333},
    {"kind": "video", "layer": 2, "bursts": [6, 5, 9, 4, 7], "packetLen": 1180, "intervalUs": 33_333},
]


def line(runs: list[dict[str, Any]], people: int) -> tuple[str, dict[str, Any]]:
    speed = report.Spread.of(map(report.packets_per_core_second, runs))
    loss = max(report.loss_percent(run) for run in runs)
    share = report.Spread.of(run["cpu"]["totalNs"] / run["wallS"] / 1e9 / people * 100 for run in runs)
    text = f"{speed.text()} packets/core-s, loss {loss:.2f} %, {share.median:.3f} % of a core per person"
    return text, {"speed": speed, "lossPercent": loss, "corePercentPerPerson": share, "lastRun": runs[-1]}


def voices(outcome: report.Report, rounds: int, seconds: float) -> None:
    roles = [{"count": SIZE, "audio": True, "audioSlots": SIZE - 1}]
    with started(["ideal", "parley", "janus"]) as (engine, targets):
        for world, target in targets.items():
            engine.open(world, target, roles, meetings=MEETINGS)
        worlds = list(targets)
        for title, do, load in (
            ("voices", "paced", {"streams": [VOICE]}),
            (
                "voices as fast as it goes",
                "lockstep",
                {"kind": "audio", "bursts": [1], "packetLen": 160, "window": 32},
            ),
        ):
            runs = alternate(engine, worlds, do, rounds, seconds=seconds, **load)
            for world in worlds:
                text, values = line(runs[world], MEETINGS * SIZE)
                outcome.add(f"{title}: {world}", text, **values)


def cameras(outcome: report.Report, meetings: int, rounds: int, seconds: float) -> None:
    roles = [
        {
            "count": SIZE,
            "audio": True,
            "video": True,
            "layers": 3,
            "audioSlots": SIZE - 1,
            "videoSlots": SIZE - 1,
        }
    ]
    for feedback in (True, False):
        with started(["parley"]) as (engine, targets):
            engine.open("parley", targets["parley"], [{**roles[0], "feedback": feedback}], meetings=meetings)
            runs = alternate(engine, ["parley"], "paced", rounds, seconds=seconds, streams=[VOICE, *CAMERA])
            text, values = line(runs["parley"], meetings * SIZE)
            estimated = "estimated" if feedback else "not estimated"
            title = f"cameras, {meetings} meetings, paths {estimated}"
            outcome.add(title, text, **values)
            if not feedback:
                hurried(outcome, engine, meetings, rounds, seconds)


def hurried(outcome: report.Report, engine: Engine, meetings: int, rounds: int, seconds: float) -> None:
    """Pictures of 16 people at a time, as fast as they are forwarded; nobody gets the lower layers."""
    *below, top = [{"bursts": one["bursts"], "packetLen": one["packetLen"]} for one in CAMERA]
    load = {"kind": "video", **top, "below": below, "window": 16}
    runs = alternate(engine, ["parley"], "lockstep", rounds, seconds=seconds, **load)
    text, values = line(runs["parley"], meetings * SIZE)
    outcome.add(f"cameras, {meetings} meetings, as fast as it goes", text, **values)


def main() -> None:
    options = report.options(__doc__)
    rounds, seconds = (9, 4.0) if options.long else (3, 1.5)
    outcome = report.Report(f"{MEETINGS} meetings of {SIZE} on one core; median (range) of {rounds}")
    voices(outcome, rounds, seconds)
    # In short a part of the meetings: fifty with cameras are more than a machine with other work can send.
    cameras(outcome, MEETINGS if options.long else 15, rounds, seconds)
    outcome.write(options.json)


if __name__ == "__main__":
    main()
