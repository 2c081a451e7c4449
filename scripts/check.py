"""Run every check of the project in a fixed order, cheapest first, with the time of each.

Owns the order; never builds anything (scripts/setup.py has done so) and never repairs what it finds.
All checks of one group run even when one fails, so that one run shows all there is to mend; a failed
group keeps the later and longer ones from starting.

Usage: .venv/bin/python scripts/check.py [--slow] [--only format,lint,types,...]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv/bin"
WEB = ROOT / "web"
PLANE = ROOT / "packet_plane"
PEER = ROOT / "tests/peers/str0m"


@dataclass(frozen=True)
class Check:
    group: str
    title: str
    command: Sequence[str]
    folder: Path = ROOT


def checks(slow: bool) -> list[Check]:
    """Every check in order; `slow` takes in the tests that need minutes."""
    marker = ["-m", ""] if slow else []
    pytest = [str(BIN / "python"), "-m", "pytest", "-q"]
    quiet = ["--quiet", "--locked"]
    cargo_options = ["--workspace", "--all-targets", "--locked"]
    # Its dependencies are built for the slow tests alone.
    peer = [Check("lint", "clippy, peer", ["cargo", "clippy", *quiet, "--", "-D", "warnings"], PEER)]
    return [
        Check("format", "ruff format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
        Check("format", "cargo fmt", ["cargo", "fmt", "--all", "--check"], PLANE),
        Check("format", "cargo fmt, peer", ["cargo", "fmt", "--check"], PEER),
        Check("format", "prettier", ["npm", "run", "--silent", "format:check"], WEB),
        Check("lint", "ruff", [str(BIN / "ruff"), "check", "--quiet", "."]),
        Check(
            "lint", "clippy", ["cargo", "clippy", "--quiet", *cargo_options, "--", "-D", "warnings"], PLANE
        ),
        *(peer if slow else []),
        Check("lint", "eslint", ["npm", "run", "--silent", "lint"], WEB),
        Check("types", "mypy", [str(BIN / "mypy")]),
        Check("types", "tsc", ["npm", "run", "--silent", "typecheck"], WEB),
        Check("boundaries", "boundaries", [*pytest, "tests/unit/test_boundaries.py"]),
        Check("cargo", "cargo test", ["cargo", "test", "--quiet", "--workspace", "--locked"], PLANE),
        Check("pytest", "pytest", [*pytest, "--ignore", "tests/unit/test_boundaries.py", *marker, "tests"]),
        Check("vitest", "vitest", ["npm", "run", "--silent", "test"], WEB),
        Check("e2e", "end to end", ["npm", "run", "--silent", "e2e"], WEB),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--slow", action="store_true", help="run the slow tests too")
    parser.add_argument("--only", help="comma list of groups")
    options = parser.parse_args()
    wanted = set(options.only.split(",")) if options.only else None
    if options.slow:
        # The browser tests have no markers.
        os.environ["PARLEY_SLOW"] = "1"
    planned = [check for check in checks(options.slow) if wanted is None or check.group in wanted]
    results: list[tuple[Check, bool, float]] = []
    for check in planned:
        if any(not passed and done.group != check.group for done, passed, _ in results):
            break
        results.append((check, *run(check)))
    return report(results, len(planned))


def run(check: Check) -> tuple[bool, float]:
    print(f"── {check.title}", flush=True)
    started = time.monotonic()
    search_path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": search_path, "VIRTUAL_ENV": str(BIN.parent)}
    done = subprocess.run(check.command, cwd=check.folder, env=environment, check=False)
    return done.returncode == 0, time.monotonic() - started


def report(results: Sequence[tuple[Check, bool, float]], planned: int) -> int:
    print("\nCheck            Result   Seconds")
    for check, passed, seconds in results:
        print(f"{check.title:<16} {'ok' if passed else 'FAILED':<8} {seconds:7.1f}")
    failed = sum(1 for _, passed, _ in results if not passed)
    total = sum(seconds for *_, seconds in results)
    print(f"{'all':<16} {'ok' if not failed else 'FAILED':<8} {total:7.1f}")
    if planned > len(results):
        print(f"{planned - len(results)} later checks were not started.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
