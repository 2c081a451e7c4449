"""What does a person cost in a meeting of fifty in a grid, and of a thousand with the loudest heard?

The grid: everybody sends a camera of three layers and a voice, and sees 16 others. The thousand: ten people
talk, everybody has three audio slots and sees the speaker. CPU of the whole node, and bytes that each
receives.

Usage: .venv/bin/python bench/large_meetings.py [--long] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from bench._harness.engine import Engine
from bench._harness.peers import started
from bench.meetings import CAMERA, VOICE

LISTENER = {"audioSlots": 3, "videoSlots": 1, "feedback": False}


def measure(
    engine: Engine,
    target: dict[str, Any],
    outcome: report.Report,
    title: str,
    roles: list[dict[str, Any]],
    **load: Any,
) -> None:
    people = engine.open("meeting", target, roles)["members"]
    engine.ask("paced", world="meeting", **load)
    run = engine.ask("paced", world="meeting", **load)
    wall = run["wallS"]
    core = run["cpu"]["totalNs"] / wall / 1e9
    bits = run["bytes"] * 8 / wall / people
    loss = report.loss_percent(run)
    text = (
        f"{100 * core:.0f} % of a core, {100 * core / people:.3f} % a person, "
        f"{bits / 1000:,.0f} kbit/s to each, loss {loss:.2f} %"
    )
    outcome.add(title, text, people=people, core=core, bitsPerSecond=bits, run=run)
    engine.ask("close", world="meeting")


def main() -> None:
    options = report.options(__doc__)
    seconds = 8.0 if options.long else 3.0
    outcome = report.Report("Large meetings on one core")
    everybody = {
        "audio": True,
        "video": True,
        "layers": 3,
        "audioSlots": 3,
        "videoSlots": 16,
        "feedback": False,
    }
    few = {**LISTENER, "count": 5, "audio": True, "video": True, "layers": 3}
    talking = {**LISTENER, "count": 10, "audio": True, "video": True, "layers": 3}
    with started(["parley"]) as (engine, targets):
        node, streams = targets["parley"], [VOICE, *CAMERA]
        measure(engine, node, outcome, "5 people", [few], seconds=seconds, streams=streams)
        grid = [{"count": 50, **everybody}]
        measure(engine, node, outcome, "50 people in a grid of 16", grid, seconds=seconds, streams=streams)
        crowd = [talking, {"count": 990, **LISTENER}]
        for title, load in (("1,000 people, voices", [VOICE]), ("1,000 people, voices and speaker", streams)):
            measure(engine, node, outcome, title, crowd, seconds=seconds, streams=load)
    outcome.write(options.json)


if __name__ == "__main__":
    main()
