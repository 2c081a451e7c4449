"""The load generator as a process: JSON lines in and out (bench/load)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PLANE = ROOT / "packet_plane"


class EngineError(Exception):
    """The generator could not do what it was told."""


def generator_core() -> int:
    """The core that clients run on."""
    return min(os.sched_getaffinity(0))


def server_core() -> int:
    """The core of the server; the same as the clients' where there is only one."""
    return max(os.sched_getaffinity(0))


class Engine:
    """One load generator."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Tell it to do something and wait for the answer.

        Raises:
            EngineError: It could not, or has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **fields}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise EngineError("the load generator has ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise EngineError(f"{do}: {answer['error']}")
        return answer

    def open(
        self, world: str, target: dict[str, Any], roles: Sequence[dict[str, Any]], meetings: int = 1
    ) -> dict[str, Any]:
        """Let clients in: `meetings` times these roles."""
        shape = {"meetings": meetings, "roles": list(roles)}
        return self.ask("open", world=world, target=target, shape=shape)


@contextmanager
def running_engine() -> Iterator[Engine]:
    """A generator on its own core, ended with the context."""
    build = ["cargo", "build", "--quiet", "--release", "--locked", "--package", "load-bench"]
    subprocess.run(build, cwd=PLANE, check=True)
    core = str(generator_core())
    command = ["taskset", "--cpu-list", core, str(PLANE / "target/release/load-bench")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Engine(process)
    finally:
        process.kill()
        process.wait()
