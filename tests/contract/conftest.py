"""The engines that the contract tests of stores run against.

A test of a store runs in memory and on every engine; any other that needs tables runs on dynoxide, as
localcloud does, and on Amazon's. What moto does not keep is marked `exact` and passes it by: it is not
atomic under threads, and applies a transaction again whose token is repeated.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from pynamodb.connection import Connection

from chalicelib.stores.tables import CONTROL_TABLE, FLEET_TABLE, create_tables, use_tables
from tests.support.dynamodb import ENGINES, Engine, environment_of, running_engine
from tests.support.memory_recordings import KeptJobs, MemoryObjects
from tests.support.memory_stores import RecordingCommands

PATIENT_SECONDS = 10.0

EngineEnvironment: TypeAlias = Callable[[Engine], dict[str, str]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "dynamodb" not in metafunc.fixturenames:
        return
    stores = {"store", "stores"} & set(metafunc.fixturenames)
    engines = ["memory", *ENGINES] if stores else ["dynoxide", "amazon"]
    if metafunc.definition.get_closest_marker("exact"):
        engines.remove("moto")
    metafunc.parametrize("dynamodb", engines, indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineEnvironment]:
    """What leads AWS libraries to an engine; each engine starts once, where a test first asks for it."""
    with contextlib.ExitStack() as running:
        yield functools.cache(
            lambda engine: running.enter_context(running_engine(tmp_path_factory.mktemp("dynamodb"), engine))
        )


@pytest.fixture(scope="session")
def dynamodb(
    request: pytest.FixtureRequest, engine_environment: EngineEnvironment
) -> Iterator[Connection | None]:
    """A connection to tables that all tests share; none where the test runs on stores in memory."""
    if request.param == "memory":
        yield None
        return
    with environment_of(engine_environment(request.param)):
        # An engine that starts may be slow, and moto takes a second attempt for another transaction.
        connection = use_tables(CONTROL_TABLE, FLEET_TABLE, PATIENT_SECONDS)
        create_tables()
        create_tables()  # What is there already is left alone.
        yield connection


@pytest.fixture
def objects() -> MemoryObjects:
    """What is recorded, as far as the API of a test has it."""
    return MemoryObjects()


@pytest.fixture
def jobs() -> KeptJobs:
    return KeptJobs()


@pytest.fixture
def commands() -> RecordingCommands:
    return RecordingCommands()
