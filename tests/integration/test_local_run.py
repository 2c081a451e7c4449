"""A whole local run as a process: start, ready, second start, stop, and what is kept across kill -9."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import stat
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from localcloud.ports import is_free
from localcloud.process import start_time
from tests.support.local_run import LocalRun, client, tokens_after_sign_in, until


def name_after_sign_in(run: dict[str, Any]) -> str:
    """Who somebody is who signed in and made a meeting."""
    granted = tokens_after_sign_in(run, "grace")
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    refused = {"Authorization": f"Bearer {granted['id_token']}"}
    with httpx.Client(base_url=run["apiUrl"]) as browser:
        assert browser.post("/meetings", json={}, headers=headers).status_code == 201
        assert browser.post("/meetings", json={}, headers=refused).status_code == 401
        name: str = browser.get("/users/me", headers=headers).json()["name"]
        return name


def test_a_run_is_ready_when_it_says_so_and_leaves_nothing_behind(local: LocalRun):
    process, run = local.start(PARLEY_NODES="2")
    file = local.data / "run.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(run) == {"url", "apiUrl", "apiKey", "demoMeeting", "nodes", "pid"}
    with client(run) as api:
        assert api.get("/health").status_code == 200
        reported = {node["id"]: node["state"] for node in api.get("/nodes").json()["items"]}
        demo = api.get(f"/meetings/{run['demoMeeting']['code']}").json()
    assert name_after_sign_in(run) == "Grace Hopper"
    assert reported == {node["id"]: "ready" for node in run["nodes"]}
    assert len(reported) == 2
    assert (demo["id"], demo["link"]) == (run["demoMeeting"]["id"], run["demoMeeting"]["link"])
    for node in run["nodes"]:
        assert httpx.get(node["metricsUrl"]).status_code == 200
        assert start_time(node["pid"])

    second = local.launch()
    _, message = second.communicate(timeout=20)
    assert second.returncode == 1
    where = f"{run['url']} (process {process.pid})"
    assert message == f"parley: Parley already runs at {where}; stop it with Ctrl-C there.\n"

    children = local.children()
    # Two engines, two nodes, a composer.
    assert len(children) == 5
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert not file.exists()
    assert [pid for pid in children if start_time(pid)] == []
    assert is_free("127.0.0.1", local.port)


def test_key_meetings_and_objects_survive_a_kill(local: LocalRun):
    process, run = local.start()
    with client(run) as api:
        made = api.post("/meetings", json={"title": "Kept"}).json()
        joined = httpx.post(
            f"{run['apiUrl']}/meetings/{made['code']}/join", json={"displayName": "Ann"}
        ).json()
    children = local.children()
    process.kill()
    process.communicate()
    until(lambda: not any(start_time(pid) for pid in children))
    assert (local.data / "run.json").exists(), "a killed run leaves its file, which the next one clears"

    _, again = local.start()
    assert again["apiKey"] == run["apiKey"]
    assert again["demoMeeting"] == run["demoMeeting"]
    assert [node["id"] for node in again["nodes"]] == [node["id"] for node in run["nodes"]]
    with client(again) as api:
        assert api.get(f"/meetings/{made['id']}").json()["title"] == "Kept"
        body = {"displayName": "Ann", "resumeToken": joined["resumeToken"]}
        rejoined = api.post(f"/meetings/{made['id']}/join", json=body).json()
    assert rejoined["participant"]["id"] == joined["participant"]["id"]


def test_a_taken_port_is_one_sentence(local: LocalRun):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", local.port))
        taken.listen()
        process = local.launch()
        _, message = process.communicate(timeout=20)
    assert process.returncode == 1
    assert message.startswith(f"parley: Parley cannot listen on 127.0.0.1:{local.port}")
    assert message.count("\n") == 1


def test_a_node_that_dies_is_started_again_under_its_name(local: LocalRun):
    process, run = local.start()
    (node,) = run["nodes"]
    os.kill(node["pid"], signal.SIGKILL)

    def is_back() -> bool:
        try:
            return httpx.get(f"{node['url']}/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    until(lambda: not is_back())
    until(is_back)
    with client(run) as api:
        assert [seen["id"] for seen in api.get("/nodes").json()["items"]] == [node["id"]]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def test_what_happens_in_a_meeting_reaches_a_webhook_in_order_and_again_when_it_failed(local: LocalRun):
    """Log, stream, queue and clock together; the receiver fails the first time it is called."""
    answers, bodies, told = [503], [], []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            told.append((self.headers["webhook-id"], time.monotonic()))
            self.send_response(answers.pop() if answers else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    _, run = local.start()
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server, client(run) as api:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        made = api.post("/webhook-endpoints", json={"url": url, "events": ["meeting.*"]})
        assert made.status_code == 201, made.text
        meeting = api.post("/meetings", json={"title": "Told"}).json()
        until(lambda: len(told) == 1)
        api.post(f"/meetings/{meeting['id']}/end")
        until(lambda: len(told) == 3, 25)
        server.shutdown()
        # The same events are in the archive, some seconds later.
        until(lambda: "meeting.ended" in archived(local, meeting["id"]), 25)
    assert archived(local, meeting["id"]) == ["meeting.created", "meeting.ended"]
    assert [json.loads(body)["type"] for body in bodies] == ["meeting.created"] * 2 + ["meeting.ended"]
    assert told[0][0] == told[1][0] != told[2][0]
    assert told[1][1] - told[0][1] >= 4


def archived(local: LocalRun, meeting: str) -> list[str]:
    """The types of a meeting's events in the objects of the archive, as they lie on disk."""
    found = []
    for path in local.data.rglob("*.jsonl.gz"):
        _, *lines = gzip.decompress(path.read_bytes()).splitlines()
        found += [event for event in map(json.loads, lines) if event["meeting"] == meeting]
    return [event["type"] for event in sorted(found, key=lambda event: event["number"])]
