"""run.json: where this run is found and the key to it, there exactly while it is ready.

Written whole or not at all, readable by its owner alone.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from localcloud.errors import AlreadyRunningError, FolderError
from localcloud.process import start_time


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; it never exists with other eyes allowed."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read_run(path: Path) -> dict[str, Any] | None:
    try:
        run = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return run if isinstance(run, dict) else None


class DataFolder:
    """PARLEY_DATA, locked for the life of one run."""

    def __init__(self, path: Path, shown_at: Iterable[Path] = ()) -> None:
        self.path = path
        self.logs = path / "logs"
        # Tools look for run.json in the checkout; a run whose data is elsewhere shows itself there too.
        self._run_files = list(
            dict.fromkeys([path / "run.json", *(folder / "run.json" for folder in shown_at)])
        )
        self._lock: int | None = None

    def acquire(self) -> None:
        """Make the folder, take its lock and clear what a killed run left.

        Raises:
            FolderError: It cannot be written.
            AlreadyRunningError: Another process holds it. Said with the address of that run.
        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise FolderError(
                f"The folder {self.path} cannot be written ({error.strerror}); "
                "choose another one with PARLEY_DATA."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
            raise AlreadyRunningError(self._running_sentence()) from None
        self.path.joinpath("run.json").unlink(missing_ok=True)

    def _running_sentence(self) -> str:
        run = read_run(self.path / "run.json")
        if run is None:
            return f"Parley is just starting or stopping with the data in {self.path}; wait a moment."
        return (
            f"Parley already runs at {run.get('url')} (process {run.get('pid')}); stop it with Ctrl-C there."
        )

    def write_run(self, run: dict[str, Any]) -> None:
        for path in self._run_files:
            if path.parent != self.path and is_live(read_run(path)):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, json.dumps(run, indent=2) + "\n")

    def remove_run(self) -> None:
        for path in self._run_files:
            run = read_run(path)
            if run is not None and run.get("pid") == os.getpid():
                path.unlink(missing_ok=True)

    def release(self) -> None:
        self.remove_run()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def is_live(run: dict[str, Any] | None) -> bool:
    """Whether another process than this one stands behind a run file."""
    pid = run.get("pid") if run is not None else None
    return isinstance(pid, int) and pid != os.getpid() and start_time(pid) is not None
