"""Stage the Lambda package into build/lambda: app.py, chalicelib/ and what requirements.txt pins, for Arm.

Runs apart from synthesis, which takes the folder as it is. Wheels are fetched for the platform of the
functions, so that it works the same on any machine. A function's folder cannot be written to: without
bytecode in the package every cold start would compile all of it anew.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "build/lambda"
# Of the functions; infra/constructs/control_plane.py says the same.
PYTHON = "3.12"
PLATFORM = ["--python-platform", "aarch64-manylinux_2_28", "--python-version", PYTHON]
# What only Chalice's command line uses.
NOT_AT_RUN_TIME = (
    *("pip", "setuptools", "_distutils_hack", "pkg_resources", "wheel", "click", "inquirer", "yaml", "_yaml"),
    *("blessed", "editor", "jinxed", "readchar", "runs", "wcwidth", "xmod", "packaging", "bin"),
    *("chalice/cli", "chalice/deploy", "chalice/templates"),
)


def stage(target: Path, platform: list[str]) -> None:
    """Fill `target` anew, without bytecode.

    Raises:
        subprocess.CalledProcessError: A pinned wheel cannot be had.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    uv = [str(ROOT / ".venv/bin/uv"), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run(
        [*uv, *platform, "--target", str(target), "-r", str(ROOT / "requirements.txt")], check=True
    )
    for name in NOT_AT_RUN_TIME:
        shutil.rmtree(target / name, ignore_errors=True)
    shutil.copy(ROOT / "app.py", target)
    shutil.copytree(ROOT / "chalicelib", target / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))


def compile_all(target: Path, python: str) -> None:
    """Add bytecode that is believed without a look at the source: a package's times mean nothing.

    Raises:
        subprocess.CalledProcessError: `python` cannot be run.
    """
    options = ["--invalidation-mode", "unchecked-hash"]
    # Isolated: the environment of whoever packages may keep bytecode elsewhere.
    command = [python, "-I", "-m", "compileall", "-q", "-f", "-j", "0", *options, str(target)]
    subprocess.run(command, check=True)


def find_python() -> str | None:
    """A Python of the functions' version on this machine."""
    found = subprocess.run(
        [str(ROOT / ".venv/bin/uv"), "python", "find", "--no-project", PYTHON],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or None


def main() -> int:
    stage(TARGET, PLATFORM)
    python = find_python()
    if python is None:
        print(f"No Python {PYTHON} here: the package has no bytecode, and cold starts take thrice as long.")
    else:
        compile_all(TARGET, python)
    size = sum(path.stat().st_size for path in TARGET.rglob("*") if path.is_file())
    print(f"{TARGET}: {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
