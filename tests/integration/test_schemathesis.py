"""schemathesis over the served document, against a whole local run: it finds nothing.

Its phases: the examples of the document, the edges of each field, random requests of right and of wrong form,
and calls that follow the document's links. The checks: no error of ours, documented statuses, headers, types
and schemas, wrong requests refused, right ones taken, nothing there any more after its deletion, no call
without credentials where the document asks for them. What is no finding: tests/support/schemathesis_hooks.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.settings import ROOT
from tests.support.local_run import LocalRun

# Room for every meeting that it thinks of, and requests without end.
ROOMY = {"PARLEY_NODE_CAPACITY_UNITS": "100000000", "PARLEY_RATE_PER_SECOND": "100000"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    local = LocalRun(tmp_path_factory.mktemp("run"))
    yield local.start(**ROOMY)[1]
    local.close()


def findings(run: dict[str, Any], folder: Path, *options: str) -> str:
    """What it says; empty where it found nothing."""
    key = run["apiKey"]
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(ROOT / "tests/support/schemathesis.toml")),
        *("run", f"{run['apiUrl']}/openapi.json", "--auth", f"{key['id']}:{key['secret']}"),
        *("--no-shrink", "--continue-on-failure", "--request-timeout", "30", "--no-color"),
        *options,
    ]
    environment = {**os.environ, "PARLEY_TEST_KEY": key["id"], "PYTHONPATH": str(ROOT)}
    # Its memory of earlier runs stays in a folder that goes away.
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stdout[-20_000:] + done.stderr[-2_000:]


def test_a_bounded_look_at_every_operation_and_link_finds_nothing(run: dict[str, Any], tmp_path: Path):
    phases = ("--phases", "examples,fuzzing,stateful", "-n", "3", "--seed", "5", "--max-time", "15")
    found = findings(run, tmp_path, *phases)
    assert not found, found


@pytest.mark.slow
def test_minutes_of_looking_find_nothing(run: dict[str, Any], tmp_path: Path):
    found = findings(run, tmp_path, "--phases", "examples,coverage,fuzzing,stateful", "--max-time", "240")
    assert not found, found
