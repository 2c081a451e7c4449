"""The DynamoDB stand-in that the contract tests of stores run against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.stores.tables import create_tables
from tests.support.dynamodb import running_dynamodb


@pytest.fixture(scope="session")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with running_dynamodb(tmp_path_factory.mktemp("dynamodb")):
        create_tables()
        create_tables()  # What is there already is left alone.
        yield
