"""One DynamoDB for a whole test run: moto, dynoxide or Amazon's DynamoDB Local, each over real HTTP."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import pytest

from localcloud.engines import HOST, accepts_connections, cloud_environment, dynoxide_command
from localcloud.ports import Ports
from localcloud.settings import ROOT

Engine = Literal["moto", "dynoxide", "amazon"]
ENGINES: tuple[Engine, ...] = get_args(Engine)
AMAZON_LIBRARY = ROOT / "tests/engines/dynamodb_local/lib"
START_SECONDS = 30.0


def engine_command(engine: Engine, port: int, folder: Path, *, is_shared: bool = True) -> list[str]:
    """All keep their tables in memory: these tests are about conditions, not about the disk."""
    if engine == "moto":
        return [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    if engine == "amazon":
        java = ["java", "-Xmx512m", f"-Djava.library.path={AMAZON_LIBRARY}", "-cp", f"{AMAZON_LIBRARY}/*"]
        runner = "software.amazon.dynamodb.services.local.main.ServerRunner"
        shared = ["-sharedDb"] if is_shared else []
        return [*java, runner, "-disableTelemetry", *shared, "-inMemory", "-port", str(port)]
    return [word for word in dynoxide_command(port, folder) if word != "--db-path" and "sqlite" not in word]


@contextmanager
def running_dynamodb(
    folder: Path, engine: Engine = "dynoxide", *, is_shared: bool = True
) -> Iterator[dict[str, str]]:
    """The environment that leads AWS libraries to a fresh engine; set while the context lasts."""
    with running_engine(folder, engine, is_shared=is_shared) as environment, environment_of(environment):
        yield environment


@contextmanager
def running_engine(folder: Path, engine: Engine, *, is_shared: bool = True) -> Iterator[dict[str, str]]:
    """A fresh engine, and the environment that leads AWS libraries to it.

    Args:
        is_shared: Amazon's keeps one database for all regions, else one for each, as moto always does.
    """
    if engine == "amazon" and not AMAZON_LIBRARY.exists():
        pytest.skip("NOT TESTED: Amazon's DynamoDB Local needs Java and Maven, and was not fetched")
    port = Ports(folder / "ports.json").port("dynamodb")
    with running(engine_command(engine, port, folder, is_shared=is_shared), folder) as process:
        deadline = time.monotonic() + START_SECONDS
        while not accepts_connections(port):
            assert process.poll() is None, f"{engine} ended at once: {(folder / 'engine.log').read_text()}"
            assert time.monotonic() < deadline, f"{engine} did not start"
        yield cloud_environment(port, port)


@contextmanager
def environment_of(variables: Mapping[str, str]) -> Iterator[None]:
    """These variables are set while the context lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "engine.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
