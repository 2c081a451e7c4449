"""The setup script builds what is outdated, once, and says in one sentence what it lacks."""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("parley_setup", ROOT / "scripts/setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "parley_setup", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "STATE", tmp_path / ".setup")
    return module


def step(setup: ModuleType, folder: Path, built: list[str]):
    def build(log: Path) -> None:
        built.append(log.name)
        (folder / "product").write_text("x")

    return setup.Step("The thing", folder / "stamp", folder / "product", [folder / "source"], build)


def test_a_step_runs_again_only_when_its_inputs_change(setup: ModuleType, tmp_path: Path):
    built: list[str] = []
    source = tmp_path / "source"
    source.mkdir()
    (source / "a").write_text("1")
    thing = step(setup, tmp_path, built)
    assert not setup.is_current(thing)
    setup.run_step(thing)
    assert setup.is_current(thing)
    os.utime(source / "a", (1, 1))
    assert setup.is_current(thing), "a touched file is the same file"
    (source / "a").write_text("2")
    assert not setup.is_current(thing)
    setup.run_step(thing)
    (source / "b").write_text("")
    assert not setup.is_current(thing)
    setup.run_step(thing)
    (tmp_path / "product").unlink()
    assert not setup.is_current(thing)
    assert built == ["the-thing.log"] * 3


def test_a_failed_step_is_not_current_and_stops_its_chain(setup: ModuleType, tmp_path: Path):
    (tmp_path / "source").mkdir()
    built: list[str] = []
    good = step(setup, tmp_path, built)

    def fail(log: Path) -> None:
        setup.run(["sh", "-c", "echo the reason; exit 3"], log)

    bad = setup.Step("Bad", tmp_path / "bad-stamp", tmp_path / "source", [tmp_path / "source"], fail)
    failures: list[BaseException] = []
    setup.run_chain([bad, good], failures)
    (failure,) = failures
    assert "the reason" in str(failure)
    assert "`sh` failed with 3" in str(failure)
    assert not setup.is_current(bad)
    assert built == []


def fake_tool(folder: Path, name: str, says: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_missing_and_a_too_old_tool_are_named(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(setup.SetupError, match=r"^Node\.js 20\.19 or later is needed, and no `node`"):
        setup.check_tools()
    fake_tool(tmp_path, "node", "v18.19.0")
    with pytest.raises(
        setup.SetupError, match=r"^Node\.js 20\.19 or later is needed, and `node` is 18\.19\.$"
    ):
        setup.check_tools()
    fake_tool(tmp_path, "node", "v20.19.1")
    fake_tool(tmp_path, "cargo", "cargo 1.84.1 (x 2025-01-01)")
    with pytest.raises(setup.SetupError, match=r"1\.85 or later is needed, and `cargo` is 1\.84\.$"):
        setup.check_tools()


def test_who_is_not_root_gets_the_line_to_run(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    with pytest.raises(setup.SetupError, match="install chromium curl jq with your package manager"):
        setup.install_test_programs()
    fake_tool(tmp_path, "apt-get", "")
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    with pytest.raises(
        setup.SetupError, match="run `sudo apt-get install -y chromium curl jq`, then this again"
    ):
        setup.install_test_programs()


def test_a_wrong_argument_is_one_sentence_without_a_traceback():
    script = [sys.executable, str(ROOT / "scripts/setup.py"), "nonsense"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "parley: Unknown purpose 'nonsense': say run, test or all.\n"


def test_a_folder_that_cannot_be_written_is_one_sentence(
    setup: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(setup, "STATE", tmp_path / "file/.setup")
    assert setup.main(["run"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"parley: {tmp_path}/file/.setup cannot be used: ")
    assert error.count("\n") == 1
