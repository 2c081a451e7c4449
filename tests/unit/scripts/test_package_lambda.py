"""The Lambda package: made of requirements.txt alone, it starts where nothing else is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.package_lambda import compile_all, stage

# What functions of the deployment call, and Chalice's own entry.
START = """
import json, sys
sys.path.insert(0, sys.argv[1])
import app
names = ("app", "handle_node_reports", "handle_events", "handle_webhooks", "deliver_due", "keep_time",
         "archive_events", "verify_archive", "sweep", "scale", "rotate_keys", "provision")
used = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
print(json.dumps({
    "callable": all(callable(getattr(app, name)) for name in names),
    "elsewhere": sorted(one for one in used if "site-packages" in one),
    "compiled": app.__cached__,
}))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("package") / "lambda"
    # For this machine, as nobody could import the one for Arm here.
    stage(target, ["--python", sys.executable])
    return target


def start(package: Path) -> dict[str, object]:
    environment = {"AWS_DEFAULT_REGION": "eu-central-1", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", START, str(package)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_it_starts_in_an_empty_environment(package: Path):
    found = start(package)
    assert found["callable"]
    assert found["elsewhere"] == []


def test_its_bytecode_is_used_as_it_is(package: Path):
    compile_all(package, sys.executable)
    compiled = Path(str(start(package)["compiled"]))
    assert compiled.is_file()
    # Bit 0: checked by hash, bit 1 of that: against the source. PEP 552: 1 alone is never checked.
    assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 1


def test_what_only_a_command_line_needs_is_left_out(package: Path):
    assert not [name for name in ("pip", "setuptools", "click", "yaml") if (package / name).exists()]
