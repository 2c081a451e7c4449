"""Bring Amazon's DynamoDB Local into tests/engines/dynamodb_local/lib, as the tests expect to find it.

Owns that folder. Maven fetches what pom.xml names; every file is compared with lib.sha256, and a file that
is other, missing or too many fails the fetch and leaves no folder. Standard library only.

Ends with 1 where the files are not the ones named, with 3 where this machine cannot fetch or run them.

Usage: python3 scripts/fetch_dynamodb_local.py [--lock]
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests/engines/dynamodb_local"
LIBRARY = FOLDER / "lib"
LOCK = FOLDER / "lib.sha256"
OLDEST_JAVA = 17


class FetchError(Exception):
    """One sentence for the person at the terminal."""

    status = 1


class UnavailableError(FetchError):
    """This machine has no Java or Maven that would do, or Maven reaches nothing."""

    status = 3


def main(arguments: Sequence[str]) -> int:
    try:
        check_java()
        fetch(lock="--lock" in arguments)
    except FetchError as error:
        print(f"parley: {error}", file=sys.stderr)
        return error.status
    return 0


def check_java() -> None:
    """Raise UnavailableError unless this machine can fetch and run it."""
    needs = f"Amazon's DynamoDB Local needs Java {OLDEST_JAVA} and Maven"
    for command in ("java", "mvn"):
        if shutil.which(command) is None:
            raise UnavailableError(f"{needs}, and there is no `{command}`.")
    answer = subprocess.run(["java", "-version"], capture_output=True, check=False).stderr
    found = re.search(rb'version "(?:1\.)?(\d+)', answer)
    if found is None or int(found.group(1)) < OLDEST_JAVA:
        version = found.group(1).decode() if found else "of no known version"
        raise UnavailableError(f"{needs}, and `java` is {version}.")


def fetch(lock: bool = False) -> None:
    """Make the folder anew. With `lock`, take what came as what has to come from now on."""
    shutil.rmtree(LIBRARY, ignore_errors=True)
    options = ["-DincludeScope=runtime", f"-DoutputDirectory={LIBRARY}"]
    command = ["mvn", "--quiet", "--batch-mode", "dependency:copy-dependencies", *options]
    if subprocess.run(command, cwd=FOLDER, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        shutil.rmtree(LIBRARY, ignore_errors=True)
        raise UnavailableError("Maven could not fetch Amazon's DynamoDB Local.")
    if lock:
        LOCK.write_text(listing(LIBRARY))
    elif listing(LIBRARY) != LOCK.read_text():
        shutil.rmtree(LIBRARY)
        raise FetchError(f"What Maven fetched is not what {LOCK.name} names: nothing of it is kept.")


def listing(folder: Path) -> str:
    """As `sha256sum --check` reads it, in the order of names."""
    files = sorted(folder.iterdir())
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
