"""Run every benchmark in bench/ one after another, with its name above its figures.

Usage: .venv/bin/python scripts/bench.py [--long] [--json FOLDER] [NAME ...]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNNERS = {".py": [sys.executable], ".mjs": ["node"], ".sh": ["bash"]}
# Those built on the harness take options; the others have one length.
HARNESS = "from bench._harness import report"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--long", action="store_true", help="more and longer rounds")
    parser.add_argument("--json", type=Path, help="a folder for the results that can be kept")
    parser.add_argument("names", nargs="*", help="only these, such as latency")
    options = parser.parse_args()
    failed = []
    for path in sorted((ROOT / "bench").iterdir()):
        runner = RUNNERS.get(path.suffix)
        if runner is None or path.name.startswith("_") or (options.names and path.stem not in options.names):
            continue
        print(f"\n── {path.relative_to(ROOT)}", flush=True)
        command = [*runner, str(path), *arguments(path, options.long, options.json)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(path.name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def arguments(path: Path, is_long: bool, folder: Path | None) -> list[str]:
    if path.suffix != ".py" or HARNESS not in path.read_text():
        return []
    found = ["--long"] if is_long else []
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        found += ["--json", str(folder.resolve() / f"{path.stem}.json")]
    return found


if __name__ == "__main__":
    sys.exit(main())
