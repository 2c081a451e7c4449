"""Run every check of the project in a fixed order, cheapest first, with the time of each.

Owns the order; never builds anything (scripts/setup.py has done so) and never repairs what it finds.
All checks of one group run even when one fails, so that one run shows all there is to mend; a failed
group keeps the later and longer ones from starting. The tests that failed are named again under the table,
for whoever sees the end of a long log alone.

Usage: .venv/bin/python scripts/check.py [--slow] [--only format,lint,types,...]
"""

from __future__ import annotations

import argparse
import os
import re
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


@dataclass(frozen=True)
class Result:
    check: Check
    passed: bool
    seconds: float
    failed_tests: tuple[str, ...]


# How pytest, vitest and cargo name a test that failed, at the start of a line.
FAILED_TEST = re.compile(r"(?:FAILED | FAIL +|---- (?=\S+ stdout ----))(?P<test>.+?)(?: stdout ----)?\s*$")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


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
    results: list[Result] = []
    for check in planned:
        if any(not done.passed and done.check.group != check.group for done in results):
            break
        results.append(run(check))
    return report(results, len(planned))


def run(check: Check) -> Result:
    print(f"── {check.title}", flush=True)
    started = time.monotonic()
    search_path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": search_path, "VIRTUAL_ENV": str(BIN.parent)}
    failures: dict[str, None] = {}  # in order, and each once: vitest names a test twice
    with subprocess.Popen(
        check.command,
        cwd=check.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None  # it was asked for above
        for line in process.stdout:
            print(line, end="", flush=True)
            if found := FAILED_TEST.match(COLOUR.sub("", line)):
                failures[found["test"]] = None
    passed = process.returncode == 0
    return Result(check, passed, time.monotonic() - started, () if passed else tuple(failures))


def report(results: Sequence[Result], planned: int) -> int:
    print("\nCheck            Result   Seconds")
    for done in results:
        print(f"{done.check.title:<16} {'ok' if done.passed else 'FAILED':<8} {done.seconds:7.1f}")
    failed = [done for done in results if not done.passed]
    total = sum(done.seconds for done in results)
    print(f"{'all':<16} {'ok' if not failed else 'FAILED':<8} {total:7.1f}")
    for done in failed:
        for test in done.failed_tests:
            print(f"{done.check.title}: {test}")
    if planned > len(results):
        print(f"{planned - len(results)} later checks were not started.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
