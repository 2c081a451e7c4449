"""How long the node's packet threads wait for a core that somebody else has: the kernel's word for it.

CPU time alone says nothing of a thread that is held to half a core by recorders, composers or Python.
Source: Linux, Documentation/scheduler/sched-stats.rst: /proc/<pid>/task/<tid>/schedstat has the time on a
core, the time ready to run without one, both in ns, and the number of turns.
"""

from __future__ import annotations

from pathlib import Path

TASKS = Path("/proc/self/task")


class WorkerThreads:
    """The threads of the plane that is opened after this was made: others of the process have such too."""

    def __init__(self, tasks: Path = TASKS) -> None:
        self._tasks = tasks
        self._others = self._threads()
        self._started: frozenset[Path] = frozenset()
        self._workers = 0
        self._files: dict[int, Path] = {}

    def handle_started(self, workers: int) -> None:
        """The plane is open: its worker `n` is one of the threads that have come since."""
        self._started = self._threads() - self._others
        self._workers = workers

    def waited_seconds(self) -> list[float]:
        """Of each worker, since its start; 0 where the kernel does not tell."""
        if len(self._files) < self._workers:
            # A thread gives itself its name when it first runs.
            self._files = self._find()
        files = [self._files.get(number) for number in range(self._workers)]
        return [parse_waited_seconds(_read(file)) if file is not None else 0.0 for file in files]

    def _find(self) -> dict[int, Path]:
        task_by_name = {_read(task / "comm").strip(): task for task in self._started}
        found = {number: task_by_name.get(f"plane-{number}") for number in range(self._workers)}
        return {number: task / "schedstat" for number, task in found.items() if task is not None}

    def _threads(self) -> frozenset[Path]:
        try:
            return frozenset(self._tasks.iterdir())
        except OSError:
            return frozenset()


def parse_waited_seconds(text: str) -> float:
    """The second field, 0 where there is none."""
    fields = text.split()
    return int(fields[1]) / 1e9 if len(fields) > 1 and fields[1].isdigit() else 0.0


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
