"""The DynamoDB stand-in that the contract tests of stores run against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pynamodb.connection import Connection

from chalicelib.stores.tables import CONTROL_TABLE, FLEET_TABLE, create_tables, use_tables
from tests.support.dynamodb import running_dynamodb


@pytest.fixture(scope="session")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with running_dynamodb(tmp_path_factory.mktemp("dynamodb")):
        connection = use_tables(CONTROL_TABLE, FLEET_TABLE)
        create_tables()
        create_tables()  # What is there already is left alone.
        yield connection
