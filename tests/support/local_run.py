"""A whole Parley as `make run` starts it, in a folder of its own, and somebody who signs in there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from localcloud.issuer import challenge_of
from localcloud.ports import Ports
from localcloud.run_file import read_run
from localcloud.settings import ROOT


class LocalRun:
    """`python -m localcloud` over a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = Ports(folder / "ports.json").port("api")
        self._processes: list[subprocess.Popen[str]] = []

    def launch(self, **environment: str) -> subprocess.Popen[str]:
        variables = {"PARLEY_DATA": str(self.data), "PARLEY_PORT": str(self.port), **environment}
        process = subprocess.Popen(
            [sys.executable, "-m", "localcloud"],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def start(self, **environment: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        process = self.launch(**environment)
        until(lambda: self.shown().get("pid") == process.pid or process.poll() is not None, 60)
        assert process.poll() is None, process.communicate()
        return process, self.shown()

    def shown(self) -> dict[str, Any]:
        return read_run(self.data / "run.json") or {}

    def children(self) -> list[int]:
        return [int(pid) for pid in json.loads((self.data / "processes.json").read_text())]

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.communicate()


def until(condition: Callable[[], bool], within_seconds: float = 15) -> None:
    deadline = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def client(run: dict[str, Any]) -> httpx.Client:
    return httpx.Client(
        base_url=run["apiUrl"], auth=(run["apiKey"]["id"], run["apiKey"]["secret"]), timeout=10
    )


def tokens_after_sign_in(run: dict[str, Any], person: str) -> dict[str, Any]:
    """What the issuer gives somebody who signs in as a browser does."""
    verifier = "v" * 43
    with httpx.Client() as browser:
        [place] = browser.get(f"{run['apiUrl']}/sign-in").json()["items"]
        back = f"{run['url']}/sign-in"
        query = {
            "response_type": "code",
            "client_id": place["clientId"],
            "redirect_uri": back,
            "state": "s",
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        page = browser.get(place["authorizationEndpoint"], params=query)
        assert "Ada Lovelace" in page.text
        chosen = browser.post(page.url, data={"person": person})
        assert chosen.status_code == 303
        answer = httpx.URL(chosen.headers["location"]).params
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": back,
            "client_id": place["clientId"],
            "code_verifier": verifier,
        }
        granted: dict[str, Any] = browser.post(place["tokenEndpoint"], data=form).json()
        return granted
