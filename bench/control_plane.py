"""What do the calls of the API cost: CPU of the handler, round trips to DynamoDB, its units?

Handlers are called as Lambda calls them, over a DynamoDB stand-in in a process of its own. Beside them one
bare query through the same client: what pynamodb and botocore alone cost here. Then the cost of a passcode,
and how many entries of a log are replayed a second.

Usage: .venv/bin/python bench/control_plane.py [--long] [--json FILE]
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from bench._harness.report import Spread
from chalicelib.domain.decisions import admit
from chalicelib.domain.events import Change, replay
from chalicelib.services.passcodes import Passcodes
from chalicelib.stores.control_items import MeetingItem
from tests.support.builders import a_meeting, a_participant
from tests.support.measured_api import Measured, MeasuredApi, measured_api, own_tables
from tests.support.memory_stores import MemoryAttempts


def calls(api: MeasuredApi, rounds: int) -> dict[str, list[Measured]]:
    """Each call so many times, every one with a meeting of its own."""
    ann = {"displayName": "Ann"}
    found: dict[str, list[Measured]] = {}

    def take(name: str, measured: Measured) -> Measured:
        found.setdefault(name, []).append(measured)
        return measured

    for _ in range(rounds):
        made = take("create", api("POST", "/meetings", {"title": "Tea"})).body
        place = f"/meetings/{made['code']}"
        take("first join, by code", api("POST", f"{place}/join", ann, guest=True))
        take("join", api("POST", f"{place}/join", ann, guest=True))
        take("read", api("GET", place))
        take("list people", api("GET", f"{place}/participants"))
        take("events", api("GET", f"{place}/events"))
        take("end", api("POST", f"{place}/end"))
        waiting = api("POST", "/meetings", {"waitingRoom": True}).body
        take("join, to wait", api("POST", f"/meetings/{waiting['id']}/join", ann, guest=True))
    return found


def bare_read() -> float:
    """CPU milliseconds of one read of an item that is not there, through pynamodb."""
    started = time.thread_time()
    MeetingItem.count("MTG#none")
    return (time.thread_time() - started) * 1000


def cpu_ms(call: Callable[[], object], rounds: int) -> Spread:
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        call()
        spent.append((time.process_time() - started) * 1000)
    return Spread.of(spent)


def replayed_per_second(entries: int) -> float:
    """Entries of a log of people who come and go."""
    change = Change.creation(a_meeting())
    events = list(change.events)
    for _ in range(entries):
        change = admit(change.after, a_participant(change.after), None)
        events += change.events
    started = time.process_time()
    replay(events)
    return len(events) / (time.process_time() - started)


def main() -> None:
    options = report.options(__doc__)
    logging.disable(logging.CRITICAL)
    rounds = 300 if options.long else 60
    outcome = report.Report(f"The control plane's calls; median (range) of {rounds}")
    with tempfile.TemporaryDirectory() as name, own_tables(Path(name)) as tables, measured_api(tables) as api:
        calls(api, 5)
        bare = Spread.of(bare_read() for _ in range(rounds))
        outcome.add("one bare query", f"{bare.text('{:.2f}')} ms CPU", cpuMs=bare)
        for name, found in calls(api, rounds).items():
            cpu = Spread.of(one.cpu_ms for one in found)
            trips = Spread.of(len(one.trips) for one in found)
            units = Spread.of(one.units for one in found)
            text = (
                f"{cpu.text('{:.2f}')} ms CPU, {cpu.median / bare.median:.1f} x the bare query; "
                f"{trips.median:.0f} round trips, {units.median:.1f} units"
            )
            outcome.add(name, text, cpuMs=cpu, trips=trips, units=units)
    passcodes = Passcodes(MemoryAttempts())
    hashed = cpu_ms(lambda: passcodes.hash("tea-time"), 10)
    outcome.add("a passcode's hash", f"{hashed.text('{:.0f}')} ms CPU", cpuMs=hashed)
    rate = replayed_per_second(5_000)
    outcome.add("replay of a log", f"{rate:,.0f} entries a second", perSecond=rate)
    outcome.write(options.json)


if __name__ == "__main__":
    main()
