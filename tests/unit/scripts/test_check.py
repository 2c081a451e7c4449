"""The run of all checks: who sees the end of its log alone knows which tests failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import check as checking
from scripts.check import Check, report, run, run_all

LOG = """
FAILED tests/unit/test_one.py::test_counts - assert 1 == 2
\x1b[41m\x1b[1m FAIL \x1b[22m\x1b[49m e2e/links.e2e.ts\x1b[2m > \x1b[22ma voice is heard
\x1b[41m\x1b[1m FAIL \x1b[22m\x1b[49m e2e/links.e2e.ts\x1b[2m > \x1b[22ma voice is heard
---- plane::tests::forwards stdout ----
nothing FAILED here
"""


def check(code: int) -> Check:
    script = f"import sys; sys.stdout.write({LOG!r}); sys.exit({code})"
    return Check("some", "some tests", [sys.executable, "-c", script])


def test_names_each_failed_test_once_under_the_table(capfd: pytest.CaptureFixture[str]) -> None:
    assert report([run(check(1))], planned=1, seconds=0.1) == 1
    printed = capfd.readouterr().out
    assert LOG in printed
    assert printed.endswith(
        "some tests: tests/unit/test_one.py::test_counts - assert 1 == 2\n"
        "some tests: e2e/links.e2e.ts > a voice is heard\n"
        "some tests: plane::tests::forwards\n"
    )


def test_names_none_where_all_passed(capfd: pytest.CaptureFixture[str]) -> None:
    assert report([run(check(0))], planned=1, seconds=0.1) == 0
    assert "some tests:" not in capfd.readouterr().out


def test_checks_that_read_run_side_by_side_and_a_failed_group_ends_the_run(tmp_path: Path) -> None:
    # Each of the two waits until the other one is there.
    both = (
        "import pathlib, sys; me, other = map(pathlib.Path, sys.argv[1:]); me.touch()\n"
        "while not other.exists(): pass"
    )
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    planned = [
        Check("static", "one", [sys.executable, "-c", both, one, other]),
        Check("static", "other", [sys.executable, "-c", both, other, one]),
        Check("cargo", "fails", [sys.executable, "-c", "raise SystemExit(1)"]),
        Check("cargo", "is run all the same", [sys.executable, "-c", ""]),
        Check("e2e", "is not begun", [sys.executable, "-c", ""]),
    ]
    assert [(done.check.title, done.passed) for done in run_all(planned)] == [
        ("one", True),
        ("other", True),
        ("fails", False),
        ("is run all the same", True),
    ]


def test_what_python_compiles_in_one_check_is_there_for_the_next_and_not_among_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, sources = tmp_path / "kept", tmp_path / "sources"
    sources.mkdir()
    (sources / "a_module.py").touch()
    monkeypatch.setattr(checking, "BYTECODE", kept)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert run(Check("some", "imports", [sys.executable, "-c", "import a_module"], sources)).passed
    assert [path.name for path in sources.iterdir()] == ["a_module.py"]
    assert [path.name.partition(".")[0] for path in kept.rglob("*.pyc") if "sources" in path.parts] == [
        "a_module"
    ]
