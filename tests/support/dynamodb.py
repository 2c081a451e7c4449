"""One DynamoDB stand-in for a whole test run."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcloud.engines import accepts_connections, cloud_environment, dynoxide_command
from localcloud.ports import Ports


@contextmanager
def running_dynamodb(folder: Path) -> Iterator[dict[str, str]]:
    """The environment that leads AWS libraries to a fresh stand-in; set while the context lasts."""
    port = Ports(folder / "ports.json").port("dynamodb")
    # In memory: these tests are about conditions, not about the disk.
    command = [
        word for word in dynoxide_command(port, folder) if word != "--db-path" and "sqlite" not in word
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not accepts_connections(port):
        assert process.poll() is None, "the stand-in ended at once"
        assert time.monotonic() < deadline, "the stand-in did not start"
    environment = cloud_environment(port, port)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            yield environment
    finally:
        process.kill()
        process.wait()
