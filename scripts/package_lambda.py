"""Stage the Lambda package into build/lambda: app.py, chalicelib/ and what requirements.txt pins, for Arm.

Runs apart from synthesis, which takes the folder as it is. Wheels are fetched for the platform of the
functions, so that it works the same on any machine.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "build/lambda"
PLATFORM = ["--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.12"]


def stage(target: Path, platform: list[str]) -> None:
    """Fill `target` anew.

    Raises:
        subprocess.CalledProcessError: A pinned wheel cannot be had.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    uv = [str(ROOT / ".venv/bin/uv"), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run(
        [*uv, *platform, "--target", str(target), "-r", str(ROOT / "requirements.txt")], check=True
    )
    shutil.copy(ROOT / "app.py", target)
    shutil.copytree(ROOT / "chalicelib", target / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))


if __name__ == "__main__":
    stage(TARGET, PLATFORM)
    size = sum(path.stat().st_size for path in TARGET.rglob("*") if path.is_file())
    print(f"{TARGET}: {size / 1e6:.1f} MB")
    sys.exit(0)
