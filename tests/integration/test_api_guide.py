"""docs/api.md, run from top to bottom against a whole Parley: once its shell lines, once its Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from localcloud.settings import ROOT
from tests.support.local_run import LocalRun, tokens_after_sign_in

GUIDE = (ROOT / "docs/api.md").read_text()
SOMEBODY_ELSES = "https://example.com/parley"
LIMIT_SECONDS = 60


class Receiver(BaseHTTPRequestHandler):
    """Takes every webhook."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    run = LocalRun(tmp_path_factory.mktemp("guide"))
    run.start()
    yield run
    run.close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def blocks(language: str) -> str:
    """Every block of the language, one after the other, as a reader would paste them."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found
    return "\n".join(found)


def run_guide(
    command: list[str], lines: str, local: LocalRun, receiver: str, folder: Path, person: str
) -> str:
    token = tokens_after_sign_in(local.shown(), person)["access_token"]
    variables = {"PARLEY_DATA": str(local.data), "PYTHONPATH": str(ROOT), "access_token": token}
    done = subprocess.run(
        command,
        input=lines.replace(SOMEBODY_ELSES, receiver),
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def test_every_line_of_curl_does_what_the_guide_says(local: LocalRun, receiver: str, tmp_path: Path):
    lines = "set -euo pipefail\n" + blocks("sh")
    told = run_guide(["bash", "-x", "-s"], lines, local, receiver, tmp_path, "ada")
    assert '"type": "meeting.ended"' in told or '"type":"meeting.ended"' in told
    assert "problem+json" not in told


def test_every_line_of_python_does_what_the_guide_says(local: LocalRun, receiver: str, tmp_path: Path):
    told = run_guide([sys.executable, "-"], blocks("python"), local, receiver, tmp_path, "grace")
    for expected in ("passcode_wrong", "waiting", "meeting.ended", "Grace Hopper", "True", "ok"):
        assert expected in told


def test_each_task_is_shown_both_ways():
    tasks = GUIDE[: GUIDE.index("## Manners")].split("\n## ")[1:]
    assert len(tasks) > 8
    for task in tasks:
        assert "```sh" in task, task.splitlines()[0]
        assert "```python" in task, task.splitlines()[0]
