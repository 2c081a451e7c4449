"""Run every benchmark in bench/ one after another, with its name above its figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNNERS = {".py": [sys.executable], ".mjs": ["node"], ".sh": ["bash"]}


def main() -> int:
    failed = []
    for path in sorted((ROOT / "bench").iterdir()):
        runner = RUNNERS.get(path.suffix)
        if runner is None or path.name.startswith("_"):
            continue
        print(f"\n── {path.relative_to(ROOT)}", flush=True)
        if subprocess.run([*runner, str(path)], cwd=ROOT, check=False).returncode != 0:
            failed.append(path.name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
