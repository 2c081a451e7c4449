"""Settings, ports, the data folder and the web app's files."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from localcloud.errors import AlreadyRunningError, FolderError, PortTakenError, SettingError
from localcloud.nodes import MediaPlan, plan_media
from localcloud.ports import MEDIA, Ports, is_free, require_free
from localcloud.process import ProcessRegister, start_time
from localcloud.run_file import DataFolder, read_run
from localcloud.settings import ROOT, read_settings
from localcloud.web_app import WebApp, connect_sources


def test_settings_have_the_documented_defaults():
    settings = read_settings({})
    assert (settings.host, settings.port, settings.nodes) == ("127.0.0.1", 8080, 1)
    assert settings.data == ROOT / ".parley"
    assert settings.url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PARLEY_PORT", "0"), ("PARLEY_PORT", "65536"), ("PARLEY_PORT", "http"), ("PARLEY_PORT", "²"),
     ("PARLEY_NODES", "0"), ("PARLEY_NODES", "-1"), ("PARLEY_HOST", "nowhere.invalid"),
     ("PARLEY_ALLOWED_ORIGINS", "https://school.example/path"),
     ("PARLEY_ALLOWED_ORIGINS", "https://a.example; script-src *")],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_its_value(name: str, value: str):
    with pytest.raises(SettingError, match=name) as caught:
        read_settings({name: value})
    assert value in str(caught.value)


def test_sites_may_frame_meetings_that_are_named():
    settings = read_settings({"PARLEY_ALLOWED_ORIGINS": "https://school.example, *,http://127.0.0.1:3000,"})
    assert settings.framed_by == ("https://school.example", "http://127.0.0.1:3000")


def test_a_wildcard_host_is_not_put_into_links():
    assert "0.0.0.0" not in read_settings({"PARLEY_HOST": "0.0.0.0"}).url


def test_a_run_for_this_machine_alone_has_a_second_address_for_media_and_hears_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("localcloud.nodes.own_address", lambda: "192.0.2.7")
    media = plan_media(read_settings({}), lambda host: 5000)
    own = ["127.0.0.1", "192.0.2.7"]
    assert media == MediaPlan("0.0.0.0", 5000, own, own)


@pytest.mark.parametrize(
    ("host", "own"), [("127.0.0.1", "127.0.0.1"), ("::1", "192.0.2.7"), ("192.0.2.9", "192.0.2.7")]
)
def test_other_runs_have_one_address_and_hear_anybody(monkeypatch: pytest.MonkeyPatch, host: str, own: str):
    monkeypatch.setattr("localcloud.nodes.own_address", lambda: own)
    media = plan_media(read_settings({"PARLEY_HOST": host}), lambda host: 5000)
    assert media == MediaPlan(host, 5000, [host])


def test_a_port_is_the_same_again_at_the_next_start(tmp_path: Path):
    first = Ports(tmp_path / "ports.json").port("dynamodb")
    assert Ports(tmp_path / "ports.json").port("dynamodb") == first


def test_a_media_port_is_free_for_datagrams_and_streams(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert is_free("127.0.0.1", number, MEDIA[:1])
        (tmp_path / "ports.json").write_text(json.dumps({"media": number}))
        assert Ports(tmp_path / "ports.json").port("media", kinds=MEDIA) != number


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        (tmp_path / "ports.json").write_text(json.dumps({"dynamodb": number}))
        fresh = Ports(tmp_path / "ports.json").port("dynamodb")
        assert fresh != number
        assert is_free("127.0.0.1", fresh)
        with pytest.raises(PortTakenError, match=rf"127\.0\.0\.1:{number}.*PARLEY_PORT=") as caught:
            require_free("127.0.0.1", number)
        assert "\n" not in str(caught.value)


def test_run_json_is_private_and_goes_with_the_run(tmp_path: Path):
    folder = DataFolder(tmp_path / "data", shown_at=[tmp_path / "shown"])
    folder.acquire()
    folder.write_run({"pid": os.getpid(), "url": "http://x"})
    for shown in (tmp_path / "data/run.json", tmp_path / "shown/run.json"):
        assert stat.S_IMODE(shown.stat().st_mode) == 0o600
        assert read_run(shown) == {"pid": os.getpid(), "url": "http://x"}
    folder.release()
    assert list(tmp_path.rglob("run.json")) == []


def test_a_second_run_is_told_where_the_first_is(tmp_path: Path):
    first = DataFolder(tmp_path)
    first.acquire()
    first.write_run({"pid": 12, "url": "http://127.0.0.1:8080"})
    with pytest.raises(AlreadyRunningError, match=r"already runs at http://127\.0\.0\.1:8080 \(process 12\)"):
        DataFolder(tmp_path).acquire()
    first.release()
    DataFolder(tmp_path).acquire()


def test_a_stale_run_json_is_cleared(tmp_path: Path):
    (tmp_path / "run.json").write_text('{"pid": 1, "url": "http://gone"}')
    folder = DataFolder(tmp_path)
    folder.acquire()
    assert not (tmp_path / "run.json").exists()
    folder.release()


def test_the_run_json_of_another_live_run_is_left_alone(tmp_path: Path):
    other = {"pid": os.getppid(), "url": "http://other"}
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown/run.json").write_text(json.dumps(other))
    folder = DataFolder(tmp_path / "data", shown_at=[tmp_path / "shown"])
    folder.acquire()
    folder.write_run({"pid": os.getpid(), "url": "http://mine"})
    folder.release()
    assert read_run(tmp_path / "shown/run.json") == other


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="PARLEY_DATA") as caught:
        DataFolder(tmp_path / "file/data").acquire()
    assert "\n" not in str(caught.value)


def test_orphans_are_ended_and_strangers_with_their_pid_are_not(tmp_path: Path):
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    orphan = subprocess.Popen(sleeper, start_new_session=True)
    stranger = subprocess.Popen(sleeper, start_new_session=True)
    try:
        register = tmp_path / "processes.json"
        register.write_text(json.dumps({orphan.pid: start_time(orphan.pid), stranger.pid: "1"}))
        assert ProcessRegister(register).end_orphans() == [orphan.pid]
        assert orphan.wait(timeout=5) == -9
        assert stranger.poll() is None
    finally:
        orphan.kill()
        stranger.kill()
        stranger.wait()


@pytest.fixture
def built(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html>page")
    (dist / "assets/app-1a2b.js").write_text("let x")
    (dist / ".parley-stamp").write_text("stamp")
    (tmp_path / "secret.txt").write_text("secret")
    return dist


def client_of(dist: Path, framed_by: Sequence[str] = ()) -> TestClient[web.Request, web.Application]:
    application = web.Application()
    app = WebApp(dist, lambda: ["http://127.0.0.1:9001"], framed_by)
    application.router.add_route("*", "/{path:.*}", app.handle)
    return TestClient(TestServer(application))


async def test_the_page_answers_for_the_apps_own_paths(built: Path):
    async with client_of(built) as client:
        for path in ("/", "/m/abc-defg-hij", "/anything"):
            response = await client.get(path)
            assert response.status == 200
            assert "page" in await response.text()
            assert response.headers["Cache-Control"] == "no-cache"


async def test_hashed_files_are_kept_for_ever(built: Path):
    async with client_of(built) as client:
        response = await client.get("/assets/app-1a2b.js")
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["Content-Type"].startswith("text/javascript")


async def test_a_missing_file_is_not_answered_with_the_page(built: Path):
    async with client_of(built) as client:
        assert (await client.get("/assets/gone-1.js")).status == 404


@pytest.mark.parametrize(
    "path", ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/a%00b"]
)
async def test_nothing_outside_the_folder_is_served(built: Path, path: str):
    async with client_of(built) as client:
        response = await client.get(path)
        assert "secret" not in await response.text()


async def test_hidden_files_are_not_served(built: Path):
    async with client_of(built) as client:
        assert (await client.get("/.parley-stamp")).status == 404


async def test_the_page_may_connect_to_the_nodes_and_runs_no_inline_script(built: Path):
    async with client_of(built) as client:
        policy = (await client.get("/")).headers["Content-Security-Policy"]
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert directives["connect-src"] == "'self' http://127.0.0.1:9001 ws://127.0.0.1:9001"
    assert "unsafe-inline" not in directives["script-src"]


async def test_a_meeting_is_shown_in_a_frame_of_the_named_sites_and_no_other_page_is_in_any(built: Path):
    for framed_by, path, wanted in (
        ((), "/m/abc-defg-hij", "'none'"),
        (("https://school.example",), "/m/abc-defg-hij", "https://school.example"),
        (("https://school.example",), "/", "'none'"),
        (("https://school.example",), "/admin", "'none'"),
        (("https://school.example",), "/m", "'none'"),
    ):
        async with client_of(built, framed_by) as client:
            policy = (await client.get(path)).headers["Content-Security-Policy"]
        assert policy.endswith(f"frame-ancestors {wanted}"), (framed_by, path)


def test_a_secure_node_is_reached_by_a_secure_socket():
    assert connect_sources("https://n.example") == ["https://n.example", "wss://n.example"]


async def test_a_page_that_is_not_built_says_what_to_do(tmp_path: Path):
    async with client_of(tmp_path) as client:
        response = await client.get("/")
        assert response.status == 503
        assert "make setup" in await response.text()
