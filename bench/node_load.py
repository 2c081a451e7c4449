"""What does a node pay for people who come, stay and leave: CPU, and memory?

Each join is whole: WebSocket, token, offer of 2 sent and 14 received m-lines (a browser's), ICE, DTLS.
Memory is the server's resident set: idle, by publishers of three layers, by viewers, and after thousands
have come and gone.

Usage: .venv/bin/python bench/node_load.py [--long] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from bench._harness.engine import Engine
from bench._harness.peers import started

BROWSER = {"audio": True, "video": True, "layers": 3, "audioSlots": 4, "videoSlots": 10}
VIEWER = {"audioSlots": 1, "videoSlots": 1}
PUBLISHER = {"audio": True, "video": True, "layers": 3}
# What is kept of each stream for receivers that ask is complete by then.
FILLED_SECONDS = 10.0


def joins(
    engine: Engine, target: dict[str, Any], roles: list[dict[str, Any]], meetings: int
) -> tuple[int, float, float]:
    """People, and CPU milliseconds of a join and of a leave."""
    opened = engine.open("joins", target, roles, meetings=meetings)
    left = engine.ask("close", world="joins")
    people = opened["members"]
    return people, opened["cpu"]["totalNs"] / people / 1e6, left["cpu"]["totalNs"] / people / 1e6


def cost_of_joining(engine: Engine, targets: dict[str, Any], outcome: report.Report, rounds: int) -> None:
    for title, roles, meetings in (
        ("join, meeting of 4, browser", [{"count": 4, **BROWSER}], 25),
        ("join, viewers of 1 publisher", [{"count": 1, **PUBLISHER}, {"count": 99, **VIEWER}], 1),
    ):
        for world, target in targets.items():
            joins(engine, target, roles, 1)
            found = [joins(engine, target, roles, meetings) for _ in range(rounds)]
            join, leave = report.Spread.of(one[1] for one in found), report.Spread.of(one[2] for one in found)
            both = report.Spread.of(one[1] + one[2] for one in found)
            text = (
                f"{join.text('{:.2f}')} ms CPU, leave {leave.text('{:.2f}')} ms; "
                f"{1000 / both.median:,.0f} joins and leaves per core-s"
            )
            outcome.add(f"{title}: {world}", text, joinMs=join, leaveMs=leave, bothMs=both)


def memory(
    engine: Engine, targets: dict[str, Any], outcome: report.Report, publishers: int, viewers: int
) -> None:
    for world, target in targets.items():
        idle = engine.open("first", target, [{"count": 1, **PUBLISHER}])["residentBytes"]
        engine.open("publishers", target, [{"count": publishers, **PUBLISHER}])
        media = [
            {"kind": "video", "layer": layer, "bursts": [3], "packetLen": 1180, "intervalUs": 33_333}
            for layer in range(3)
        ]
        sending = engine.ask("paced", world="publishers", seconds=FILLED_SECONDS, streams=media)[
            "residentBytes"
        ]
        engine.open("viewers", target, [{"count": 1, **PUBLISHER}, {"count": viewers, **VIEWER}])
        watched = engine.ask("paced", world="viewers", seconds=FILLED_SECONDS, streams=media)["residentBytes"]
        per_publisher = (sending - idle) / publishers / 1e6
        per_viewer = ((watched - sending) / 1e6 - per_publisher) / viewers
        text = (
            f"{idle / 1e6:.0f} MB with one; {per_publisher:.2f} MB a publisher, {per_viewer:.3f} MB a viewer"
        )
        outcome.add(f"memory: {world}", text, idle=idle, perPublisherMb=per_publisher, perViewerMb=per_viewer)
        for name in ("first", "publishers", "viewers"):
            engine.ask("close", world=name)


def coming_and_going(engine: Engine, target: dict[str, Any], outcome: report.Report, thousands: int) -> None:
    roles = [{"count": 1, **PUBLISHER}, {"count": 99, **VIEWER}]
    sizes = []
    for _ in range(thousands * 10):
        engine.open("crowd", target, roles)
        sizes.append(engine.ask("close", world="crowd")["residentBytes"] / 1e6)
    quarter = len(sizes) // 4
    early, late = sizes[quarter], sizes[-1]
    text = f"{early:.1f} MB after {quarter * 100:,} joins, {late:.1f} MB after {len(sizes) * 100:,}"
    outcome.add("memory, joins and leaves", text, megabytes=sizes)


def main() -> None:
    options = report.options(__doc__)
    rounds, people, thousands = (7, 200, 10) if options.long else (3, 40, 1)
    outcome = report.Report(f"Joins and memory of a server; median (range) of {rounds}")
    with started(["parley", "janus"]) as (engine, targets):
        memory(engine, targets, outcome, people // 2, people)
    with started(["parley", "janus"]) as (engine, targets):
        cost_of_joining(engine, targets, outcome, rounds)
        coming_and_going(engine, targets["parley"], outcome, thousands)
    outcome.write(options.json)


if __name__ == "__main__":
    main()
