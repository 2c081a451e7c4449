"""Rounds, medians, and the two forms of a result: lines to read and JSON to keep."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Spread:
    """Several rounds of one figure."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1])

    def text(self, pattern: str = "{:,.0f}") -> str:
        return f"{pattern.format(self.median)} ({pattern.format(self.least)} to {pattern.format(self.most)})"


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark of the media path takes; one may add its own."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--long", action="store_true", help="more and longer rounds")
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    return parser


def options(description: str | None) -> argparse.Namespace:
    """Those options, of a benchmark that takes no others."""
    return parser(description).parse_args()


def machine() -> str:
    """Processor, cores, kernel and load: what a figure means depends on them."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, load {load:.1f}"


@dataclass
class Report:
    """What a benchmark prints, and keeps as JSON."""

    title: str
    figures: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self.machine = machine()
        print(f"{self.title}\n  {self.started}, {self.machine}")

    def add(self, name: str, line: str, **values: Any) -> None:
        """One line, and the values behind it."""
        self.figures[name] = values
        print(f"  {name:<34} {line}", flush=True)

    def write(self, path: Path | None) -> None:
        if path is not None:
            content = {
                "title": self.title,
                "at": self.started,
                "machine": self.machine,
                "figures": self.figures,
            }
            path.write_text(json.dumps(content, indent=1, default=vars) + "\n")


def packets_per_core_second(run: dict[str, Any]) -> float:
    """Media packets that arrived, by CPU seconds of the whole server process."""
    return float(sum(run["delivered"].values()) * 1e9 / max(run["cpu"]["totalNs"], 1))


def packets_per_plane_second(run: dict[str, Any]) -> float:
    """The same by the CPU seconds of the plane's threads alone."""
    used = sum(ns for thread, ns in run["cpu"]["threadsNs"].items() if "plane" in thread)
    return float(sum(run["delivered"].values()) * 1e9 / max(used, 1))


def loss_percent(run: dict[str, Any], kinds: Sequence[str] = ("audio", "video")) -> float:
    """What should have come and did not; by gaps where a server may choose what it sends."""
    lost = expected = 0
    for kind in kinds:
        wanted, delivered = run["expected"][kind], run["delivered"][kind]
        if wanted is None:
            lost += run["missing"][kind]
            expected += run["missing"][kind] + delivered
        else:
            lost += max(wanted - delivered, 0)
            expected += wanted
    return 100 * lost / expected if expected else 0.0
