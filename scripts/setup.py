"""Bring this checkout to the point where it can run or be tested; do nothing that is already done.

Owns .venv, node_modules, web/dist and the built packet plane, each stamped with a hash of what it was
made from. Never touches running processes or PARLEY_DATA. Standard library only: it runs before there
is an environment, on any Python 3.9 or later, to be able to say that a newer one is needed.

Usage: python3 scripts/setup.py [run|test|all]
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".setup"
VENV = ROOT / ".venv"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)  # Vite 8 asks for it.
OLDEST_RUST = (1, 85)  # The 2024 edition.
SKIPPED_FOLDERS = {"target", "node_modules", "dist", "__pycache__", "fuzz", ".mypy_cache", ".ruff_cache"}


class SetupError(Exception):
    """One sentence for the person at the terminal."""


@dataclass(frozen=True)
class Step:
    """One thing to make. It is current while `stamp` holds the hash of `inputs` and `product` exists."""

    title: str
    stamp: Path
    product: Path
    inputs: Sequence[Path]
    build: Callable[[Path], None]


def main(arguments: Sequence[str]) -> int:
    purpose = arguments[0] if arguments else "all"
    try:
        if purpose not in ("run", "test", "all"):
            raise SetupError(f"Unknown purpose {purpose!r}: say run, test or all.")
        python = find_python()
        with exclusive_setup():
            set_up(python, for_tests=purpose != "run")
    except SetupError as error:
        print(f"parley: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        where = error.filename or ROOT
        print(f"parley: {where} cannot be used: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def set_up(python: str, for_tests: bool) -> None:
    """Run the chains of steps side by side; steps of one chain wait for each other."""
    chains = [python_chain(python), web_chain(), [local_engines_step()]]
    if for_tests:
        chains.append([reference_engine_step()])
        chains[0].append(rehearsal_step())
    outdated = [step for chain in chains for step in chain if not is_current(step)]
    if outdated:
        check_tools()
    if for_tests:
        install_test_programs()
    if not outdated:
        return
    print(f"Preparing Parley: {len(outdated)} steps, output in {STATE.relative_to(ROOT)}/logs/", flush=True)
    failures: list[BaseException] = []
    threads = [threading.Thread(target=run_chain, args=(chain, failures)) for chain in chains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def run_chain(chain: Sequence[Step], failures: list[BaseException]) -> None:
    for step in chain:
        if failures:
            return
        try:
            if not is_current(step):
                run_step(step)
        except Exception as error:
            failures.append(error)
            return


def run_step(step: Step) -> None:
    print(f"  … {step.title}", flush=True)
    started = time.monotonic()
    log = STATE / "logs" / (re.sub(r"[^a-z]+", "-", step.title.lower()) + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    with contextlib.suppress(FileNotFoundError):
        step.stamp.unlink()
    # Taken before: what changes during the build is not in the product.
    made_from = fingerprint(step.inputs)
    step.build(log)
    step.stamp.parent.mkdir(parents=True, exist_ok=True)
    step.stamp.write_text(made_from)
    print(f"  ✓ {step.title} ({time.monotonic() - started:.1f} s)", flush=True)


def is_current(step: Step) -> bool:
    if not step.product.exists() or not step.stamp.exists():
        return False
    return step.stamp.read_text() == fingerprint(step.inputs)


def fingerprint(inputs: Sequence[Path]) -> str:
    """Hash names and contents, so that a touched file or a changed branch rebuilds only what differs."""
    digest = hashlib.sha256(f"python {sys.version_info[:2]}".encode())
    for path in sorted(files_under(inputs)):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def files_under(inputs: Sequence[Path]) -> Iterator[Path]:
    for path in inputs:
        if path.is_file():
            yield path
            continue
        for folder, folders, files in os.walk(str(path)):
            folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
            for name in files:
                yield Path(folder) / name


# The steps.


def python_chain(python: str) -> list[Step]:
    locks = [ROOT / "requirements/uv.txt", ROOT / "requirements/dev.txt"]
    stamps = VENV / "stamps"

    def build_environment(log: Path) -> None:
        # The packet plane is not in the lock, so that the sync removes it: it is built again after.
        shutil.rmtree(str(stamps), ignore_errors=True)
        if not (VENV / "bin/python").exists():
            shutil.rmtree(str(VENV), ignore_errors=True)
            create_environment(python, log)
        pip = [str(VENV / "bin/python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
        run([*pip, "-r", str(locks[0])], log)
        sync = [str(VENV / "bin/uv"), "pip", "sync", "--require-hashes", str(locks[1])]
        run(sync, log, VIRTUAL_ENV=str(VENV))
        install_command(VENV / "bin/parley")

    def build_packet_plane(log: Path) -> None:
        wheels = ROOT / "packet_plane/target/wheels"
        shutil.rmtree(str(wheels), ignore_errors=True)
        maturin = [str(VENV / "bin/maturin"), "build", "--release", "--locked"]
        interpreter = ["--interpreter", str(VENV / "bin/python")]
        run([*maturin, *interpreter, "--out", str(wheels)], log, cwd=ROOT / "packet_plane")
        install = [str(VENV / "bin/uv"), "pip", "install", "--no-deps", "--reinstall", "--no-index"]
        run([*install, *(str(wheel) for wheel in wheels.glob("*.whl"))], log, VIRTUAL_ENV=str(VENV))

    interpreter, plane = VENV / "bin/python", [ROOT / "packet_plane"]
    return [
        Step("Python environment", stamps / "environment", interpreter, locks, build_environment),
        Step("Packet plane, release build", stamps / "packet_plane", interpreter, plane, build_packet_plane),
    ]


def rehearsal_step() -> Step:
    """The packet plane once more, with what tests in virtual time need and nothing ships."""
    plane, folder = ROOT / "packet_plane", STATE / "rehearsal/packet_plane"
    product = folder / "_packet_plane.abi3.so"

    def build(log: Path) -> None:
        # Unoptimised but for the crates that the plane's profile names: its own checks stay on.
        command = ["cargo", "build", "--quiet", "--locked", "--package", "packet-plane-python"]
        options = ["--features", "rehearsal", "--target-dir", str(plane / "target")]
        run([*command, *options], log, cwd=plane, VIRTUAL_ENV=str(VENV))
        shutil.rmtree(str(folder), ignore_errors=True)
        shutil.copytree(str(plane / "python/packet_plane"), str(folder))
        shutil.copy(str(plane / "target/debug/lib_packet_plane.so"), str(product))

    return Step("Packet plane, for rehearsals", STATE / "rehearsal.stamp", product, [plane], build)


def web_chain() -> list[Step]:
    web = ROOT / "web"
    locks = [web / "package.json", web / "package-lock.json"]
    modules = web / "node_modules"

    def build_app(log: Path) -> None:
        # Types are checked by `make test`; a start should not wait for them.
        run([str(modules / ".bin/vite"), "build"], log, cwd=web)

    names = ("index.html", "vite.config.ts", "vite.files.ts", "vite.locale.ts", "public", "src")
    sources = [*locks, *(web / name for name in names)]
    page = web / "dist/index.html"
    return [
        Step("Web packages", modules / ".parley-stamp", modules, locks, npm_install(web)),
        Step("Web app", web / "dist/.parley-stamp", page, sources, build_app),
    ]


def local_engines_step() -> Step:
    folder = ROOT / "localcloud"
    locks = [folder / "package.json", folder / "package-lock.json"]
    modules = folder / "node_modules"
    return Step("DynamoDB stand-in", modules / ".parley-stamp", modules, locks, npm_install(folder))


def reference_engine_step() -> Step:
    """Amazon's DynamoDB Local, for the contract tests; said, and no failure, where it cannot be had."""
    folder, script = ROOT / "tests/engines/dynamodb_local", ROOT / "scripts/fetch_dynamodb_local.py"
    unavailable = 3

    def fetch(log: Path) -> None:
        with log.open("a") as output:
            command = [sys.executable, str(script)]
            status = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
        if status == unavailable:
            why = log.read_text().strip().splitlines()[-1].removeprefix("parley: ")
            print(f"! NOT TESTED: {why} (Debian: default-jre-headless, maven.)", flush=True)
        elif status != 0:
            raise SetupError(f"Amazon's DynamoDB Local is not what its lock names: see {log}")

    inputs = [folder / "pom.xml", folder / "lib.sha256", script]
    return Step("Amazon's DynamoDB Local", STATE / "dynamodb-local.stamp", folder / "lib", inputs, fetch)


def npm_install(folder: Path) -> Callable[[Path], None]:
    def build(log: Path) -> None:
        run(["npm", "ci", "--no-audit", "--no-fund"], log, cwd=folder)
        # npm makes no folder when this platform has none of the optional packages.
        (folder / "node_modules").mkdir(exist_ok=True)

    return build


def install_command(path: Path) -> None:
    """The `parley` command, from any folder."""
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{VENV}/bin/python" -m parley "$@"\n')
    path.chmod(0o755)


def create_environment(python: str, log: Path) -> None:
    try:
        run([python, "-m", "venv", str(VENV)], log)
    except SetupError:
        shutil.rmtree(str(VENV), ignore_errors=True)
        if "ensurepip" not in log.read_text():
            raise
        install_debian_packages(["python3-venv"], "Python's venv module")
        run([python, "-m", "venv", str(VENV)], log)


# The machine.


def find_python() -> str:
    """This interpreter if it is new enough, else a newer one on the path."""
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for minor in range(14, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            return newer
    found = ".".join(map(str, sys.version_info[:2]))
    raise SetupError(f"Python 3.11 or later is needed, and python3 is {found}.")


def check_tools() -> None:
    require_version("node", OLDEST_NODE, "Node.js")
    require_version("cargo", OLDEST_RUST, "Rust with cargo")
    if shutil.which("npm") is None:
        raise SetupError("npm is needed, which comes with Node.js.")
    if shutil.which("cc") is None:
        install_debian_packages(["build-essential"], "a C compiler (cc)")


def require_version(command: str, oldest: Sequence[int], name: str) -> None:
    wanted = ".".join(map(str, oldest))
    if shutil.which(command) is None:
        raise SetupError(f"{name} {wanted} or later is needed, and no `{command}` is on the PATH.")
    answer = subprocess.run([command, "--version"], capture_output=True, check=False)
    found = re.search(r"(\d+)\.(\d+)", answer.stdout.decode(errors="replace"))
    if found is None:
        raise SetupError(
            f"`{command} --version` does not tell a version; {name} {wanted} or later is needed."
        )
    if (int(found.group(1)), int(found.group(2))) < tuple(oldest):
        raise SetupError(f"{name} {wanted} or later is needed, and `{command}` is {found.group(0)}.")


def install_test_programs() -> None:
    """Chromium for the browser tests, curl and jq for those of the API's guide."""
    browsers = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    has_browser = os.environ.get("CHROMIUM_PATH") or any(map(shutil.which, browsers))
    missing = [] if has_browser else ["chromium"]
    missing += [name for name in ("curl", "jq") if shutil.which(name) is None]
    if missing:
        install_debian_packages(missing, "What the tests run")


def install_debian_packages(packages: Iterable[str], purpose: str) -> None:
    """Install them where that is ours to do: on Debian, as root. Otherwise say the one line to run."""
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise SetupError(f"{purpose} is needed: install {names} with your package manager.")
    if os.geteuid() != 0:
        raise SetupError(f"{purpose} is needed: run `sudo apt-get install -y {names}`, then this again.")
    log = STATE / "logs/debian-packages.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    print(f"  … Debian packages: {names}", flush=True)
    started = time.monotonic()
    run(["apt-get", "update", "-q"], log)
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *names.split()]
    run(install, log, DEBIAN_FRONTEND="noninteractive")
    print(f"  ✓ Debian packages: {names} ({time.monotonic() - started:.1f} s)", flush=True)


def run(command: Sequence[str], log: Path, cwd: Path | None = None, **environment: str) -> None:
    """Run to the end with its output in the log; a failure shows the end of it."""
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        variables = {**os.environ, **environment}
        done = subprocess.run(
            command, cwd=str(cwd or ROOT), env=variables, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        name = Path(command[0]).name
        raise SetupError(
            f"`{name}` failed with {done.returncode}; the end of {log.relative_to(ROOT)}:\n{tail}"
        )


@contextlib.contextmanager
def exclusive_setup() -> Iterator[None]:
    """Two makes at once would build over each other: the second waits, and then finds all done."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another setup of this folder to end …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
