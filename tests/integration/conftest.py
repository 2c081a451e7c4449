"""What tests of a whole local run share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.local_run import LocalRun


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalRun]:
    """A run that is not started yet; whatever it starts is ended."""
    run = LocalRun(tmp_path)
    yield run
    run.close()
