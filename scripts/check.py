"""Run every check of the project in a fixed order, cheapest first, with the time of each.

Owns the order; never builds anything (scripts/setup.py has done so) and never repairs what it finds.
All checks of one group run even when one fails, so that one run shows all there is to mend; a failed
group keeps the later and longer ones from starting. Checks that only read run side by side, tests alone. The
tests that failed are named again under the table, for whoever sees the end of a long log alone.

Usage: .venv/bin/python scripts/check.py [--slow] [--only format,static,pytest,...]
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv/bin"
WEB = ROOT / "web"
PLANE = ROOT / "packet_plane"
PEER = ROOT / "tests/peers/str0m"
BYTECODE = ROOT / ".setup/bytecode"


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


# Groups whose checks change nothing that another one reads.
READING = ("format", "static")

# How pytest, vitest and cargo name a test that failed, at the start of a line.
FAILED_TEST = re.compile(r"(?:FAILED | FAIL +|---- (?=\S+ stdout ----))(?P<test>.+?)(?: stdout ----)?\s*$")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def checks(slow: bool) -> list[Check]:
    """Every check in order; `slow` takes in the tests that need minutes."""
    marker = ["-m", ""] if slow else []
    pytest = [str(BIN / "python"), "-m", "pytest", "-q"]
    # A file's tests share what is costly to start, so that a file stays with one process.
    at_once = ["--numprocesses", "auto", "--dist", "loadfile"]
    # Nodes and their clients keep time and wait most of it: beside each other they have the cores that they
    # need, beside tests that compute they would wait for one.
    elsewhere = ["--ignore", "tests/unit/test_boundaries.py", "--ignore", "tests/integration"]
    quiet = ["--quiet", "--locked"]
    # With what is built for tests alone.
    cargo_options = [
        "--workspace",
        "--all-targets",
        "--locked",
        "--features",
        "packet-plane-python/rehearsal",
    ]
    # Its dependencies are built for the slow tests alone.
    peer = [Check("static", "clippy, peer", ["cargo", "clippy", *quiet, "--", "-D", "warnings"], PEER)]
    return [
        Check("format", "ruff format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
        Check("format", "cargo fmt", ["cargo", "fmt", "--all", "--check"], PLANE),
        Check("format", "cargo fmt, peer", ["cargo", "fmt", "--check"], PEER),
        Check("format", "prettier", ["npm", "run", "--silent", "format:check"], WEB),
        # The longest first, as they run side by side.
        Check("static", "mypy", [str(BIN / "mypy")]),
        Check(
            "static", "clippy", ["cargo", "clippy", "--quiet", *cargo_options, "--", "-D", "warnings"], PLANE
        ),
        *(peer if slow else []),
        Check("static", "eslint", ["npm", "run", "--silent", "lint"], WEB),
        Check("static", "tsc", ["npm", "run", "--silent", "typecheck"], WEB),
        Check("static", "boundaries", [*pytest, "tests/unit/test_boundaries.py"]),
        Check("static", "ruff", [str(BIN / "ruff"), "check", "--quiet", "."]),
        Check("cargo", "cargo test", ["cargo", "test", "--quiet", "--workspace", "--locked"], PLANE),
        Check(
            "pytest",
            "pytest",
            [*pytest, *at_once, *elsewhere, *marker, "tests"],
        ),
        Check("pytest", "integration", [*pytest, *at_once, *marker, "tests/integration"]),
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
    started = time.monotonic()
    results = list(run_all(planned))
    return report(results, len(planned), time.monotonic() - started)


def run_all(planned: Sequence[Check]) -> Iterator[Result]:
    """Group after group, until one fails; results in the order of the checks."""
    for group, grouped in itertools.groupby(planned, key=lambda check: check.group):
        members = list(grouped)
        results = list(run_side_by_side(members) if group in READING else map(run, members))
        yield from results
        if not all(done.passed for done in results):
            return


def run_side_by_side(checks: Sequence[Check]) -> Iterator[Result]:
    """As many at once as there are cores, two at least; each prints what it has to say in one piece."""
    printing = threading.Lock()

    def run_quietly(check: Check) -> Result:
        lines: list[str] = []
        try:
            return run(check, lines.append)
        finally:
            with printing:
                print("".join(lines), end="", flush=True)

    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        yield from pool.map(run_quietly, checks)


def show(text: str) -> None:
    print(text, end="", flush=True)


def run(check: Check, tell: Callable[[str], object] = show) -> Result:
    tell(f"── {check.title}\n")
    started = time.monotonic()
    failures: dict[str, None] = {}  # in order, and each once: vitest names a test twice
    with subprocess.Popen(
        check.command,
        cwd=check.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None  # it was asked for above
        for line in process.stdout:
            tell(line)
            if found := FAILED_TEST.match(COLOUR.sub("", line)):
                failures[found["test"]] = None
    passed = process.returncode == 0
    return Result(check, passed, time.monotonic() - started, () if passed else tuple(failures))


def environment() -> dict[str, str]:
    """Ours, with the tools of .venv; what Python compiles is kept, and away from the sources.

    Tests start some hundred Python processes, and each would compile its libraries again where the
    machine's own settings keep no bytecode: a second of a core for each.
    """
    search_path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PATH": search_path,
        "VIRTUAL_ENV": str(BIN.parent),
        "PYTHONPYCACHEPREFIX": str(BYTECODE),
    }


def report(results: Sequence[Result], planned: int, seconds: float) -> int:
    print("\nCheck            Result   Seconds")
    for done in results:
        print(f"{done.check.title:<16} {'ok' if done.passed else 'FAILED':<8} {done.seconds:7.1f}")
    failed = [done for done in results if not done.passed]
    print(f"{'all':<16} {'ok' if not failed else 'FAILED':<8} {seconds:7.1f}")
    for done in failed:
        for test in done.failed_tests:
            print(f"{done.check.title}: {test}")
    if planned > len(results):
        print(f"{planned - len(results)} later checks were not started.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
