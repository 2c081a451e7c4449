"""Pack the release of a media node: media_node/, what its requirements pin for Arm, the packet plane's wheel.

A machine of the fleet unpacks it, runs install.sh once and `run` at each start; it needs nothing of this
repository. `run media_node.recording.composer` starts a composer in the node's place. The wheel is built on
an Arm machine, by `maturin build --release` in packet_plane/.
"""

import argparse
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAGED = ROOT / "build/media-node"
ARCHIVE = ROOT / "build/media-node.tar.gz"
# As Amazon Linux 2023 has it, on the Arm machines of infra/config.py.
PYTHON = "3.12"
PLATFORM = ["--python-platform", "aarch64-manylinux_2_28", "--python-version", PYTHON]
# The only step that needs the network on the machine itself. FriBidi is what Pillow shapes names with.
INSTALL = f"""#!/bin/bash
set -euo pipefail
dnf install -y python{PYTHON} fribidi
"""
RUN = f"""#!/bin/bash
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH="$here/packages:$here" PYTHONDONTWRITEBYTECODE=1
exec "${{PARLEY_PYTHON:-/usr/bin/python{PYTHON}}}" -m "${{1:-media_node}}"
"""


def fetch_packages(target: Path, wheel: Path, platform: list[str]) -> None:
    """Fill `target` with what the node imports.

    Raises:
        subprocess.CalledProcessError: A pinned wheel cannot be had, or the packet plane's is for others.
    """
    uv = [str(ROOT / ".venv/bin/uv"), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    requirements = ["--require-hashes", "-r", str(ROOT / "media_node/requirements.txt")]
    for what in (requirements, [str(wheel)]):
        subprocess.run([*uv, *platform, "--target", str(target), *what], check=True)


def stage(target: Path) -> None:
    """Put beside the packages what is the project's own."""
    ignored = shutil.ignore_patterns("__pycache__", "requirements*")
    shutil.copytree(ROOT / "media_node", target / "media_node", ignore=ignored, dirs_exist_ok=True)
    for name, text in (("install.sh", INSTALL), ("run", RUN)):
        (target / name).write_text(text)
        (target / name).chmod(0o755)


def write_archive(staged: Path, archive: Path) -> None:
    """All of a folder, owned by root."""

    def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    with tarfile.open(archive, "w:gz") as packed:
        packed.add(staged, arcname=".", filter=owned)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, help="the packet plane's wheel for Arm")
    wheel: Path = parser.parse_args().wheel
    if not wheel.is_file():
        print(f"There is no wheel at {wheel}.", file=sys.stderr)
        return 2
    shutil.rmtree(STAGED, ignore_errors=True)
    fetch_packages(STAGED / "packages", wheel, PLATFORM)
    stage(STAGED)
    write_archive(STAGED, ARCHIVE)
    print(f"{ARCHIVE}: {ARCHIVE.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
