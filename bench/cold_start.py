"""How long does a function take from a fresh process to its first call?

The package as scripts/package_lambda.py stages it, for this machine, imported by a fresh interpreter without
site packages: with its bytecode and without, and beside them pynamodb with botocore alone, which any function
here needs. CPU time of the import.

Usage: .venv/bin/python bench/cold_start.py [--long] [--json FILE]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._harness import report
from bench._harness.report import Spread
from scripts.package_lambda import compile_all, stage

TIMED = """
import sys, time
sys.path.insert(0, sys.argv[1])
began = time.process_time()
__import__(sys.argv[2])
print((time.process_time() - began) * 1000)
"""


def import_ms(package: Path, module: str) -> float:
    command = [sys.executable, "-I", "-S", "-B", "-c", TIMED, str(package), module]
    environment = {"AWS_DEFAULT_REGION": "eu-central-1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    options = report.options(__doc__)
    rounds = 25 if options.long else 9
    outcome = report.Report(f"A function's start; median (range) of {rounds}")
    with tempfile.TemporaryDirectory() as name:
        plain, compiled = Path(name) / "plain", Path(name) / "compiled"
        for package in (plain, compiled):
            stage(package, ["--python", sys.executable])
        compile_all(compiled, sys.executable)
        size = sum(path.stat().st_size for path in compiled.rglob("*") if path.is_file())
        outcome.add("the package", f"{size / 1e6:.0f} MB with its bytecode", bytes=size)
        questions = {
            "pynamodb and botocore alone": (compiled, "pynamodb.connection"),
            "the whole package": (compiled, "app"),
            "the whole package, no bytecode": (plain, "app"),
        }
        found: dict[str, list[float]] = {title: [] for title in questions}
        for _ in range(rounds):
            for title, (package, module) in questions.items():
                found[title].append(import_ms(package, module))
        for title, values in found.items():
            spread = Spread.of(values)
            outcome.add(title, f"{spread.text()} ms CPU", cpuMs=spread)
    outcome.write(options.json)


if __name__ == "__main__":
    main()
