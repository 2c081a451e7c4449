"""The SDK and the command line over a fake API."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from parley import ApiError, Client, Connection, NotConfiguredError, UnreachableError, cli, find_connection

CONNECTION = Connection("http://api/v1", "key_1", "s3cret")


def client(handler: object, pauses: list[float] | None = None) -> Client:
    slept = pauses if pauses is not None else []
    return Client(CONNECTION, httpx.MockTransport(handler), slept.append)  # type: ignore[arg-type]


def test_the_environment_goes_before_run_json(tmp_path: Path):
    environment = {"PARLEY_API_URL": "http://x/v1/", "PARLEY_API_KEY_ID": "k", "PARLEY_API_KEY_SECRET": "s"}
    assert find_connection(environment, tmp_path) == Connection("http://x/v1", "k", "s")


def test_a_run_in_this_folder_is_found(tmp_path: Path):
    (tmp_path / ".parley").mkdir()
    run = {"apiUrl": "http://127.0.0.1:8080/v1", "apiKey": {"id": "k", "secret": "s"}}
    (tmp_path / ".parley/run.json").write_text(json.dumps(run))
    assert find_connection({}, tmp_path) == Connection("http://127.0.0.1:8080/v1", "k", "s")


@pytest.mark.parametrize("content", ["{", "[]", '{"apiUrl": "x"}'])
def test_a_broken_run_json_is_said(tmp_path: Path, content: str):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(NotConfiguredError, match=r"run\.json"):
        find_connection({"PARLEY_DATA": str(tmp_path)}, tmp_path)


def test_nothing_known_says_what_to_do(tmp_path: Path):
    with pytest.raises(NotConfiguredError, match="make run"):
        find_connection({}, tmp_path)
    with pytest.raises(NotConfiguredError, match="PARLEY_API_KEY_SECRET"):
        find_connection({"PARLEY_API_URL": "u", "PARLEY_API_KEY_ID": "k"}, tmp_path)


def test_the_secret_is_not_shown():
    assert "s3cret" not in repr(CONNECTION)


def test_pages_are_followed_to_the_end():
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"].startswith("Basic ")
        if request.url.params.get("cursor") == "c1":
            return httpx.Response(200, json={"items": [{"id": 2}], "nextCursor": None})
        return httpx.Response(200, json={"items": [{"id": 1}], "nextCursor": "c1"})

    assert list(client(handler).meetings()) == [{"id": 1}, {"id": 2}]


def test_lists_of_the_whole_tenant_are_asked_for_on_every_page():
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.path} {request.url.params.get('of')}")
        cursor = None if "cursor" in request.url.params else "c1"
        return httpx.Response(200, json={"items": [], "nextCursor": cursor})

    api = client(handler)
    assert not [*api.meetings(of="tenant"), *api.recordings(of="tenant"), *api.recordings(state="ready")]
    lists = [path.rsplit("/")[-1] for path in asked]
    of_all = ["meetings tenant"] * 2 + ["recordings tenant"] * 2
    assert lists == [*of_all, "recordings None", "recordings None"]


def test_a_problem_becomes_an_error_with_its_code():
    problem = {"code": "validation_failed", "detail": "d", "requestId": "r",
               "errors": [{"pointer": "/title", "detail": "too long"}]}  # fmt: skip
    with pytest.raises(ApiError, match="/title: too long") as caught:
        client(lambda request: httpx.Response(422, json=problem)).create_meeting(title="x")
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (
        422,
        "validation_failed",
        "r",
    )


def test_an_answer_that_is_no_json_is_an_error_too():
    with pytest.raises(ApiError, match="502"):
        client(lambda request: httpx.Response(502, text="<html>")).health()


def test_a_name_cannot_leave_its_segment():
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.raw_path == b"/v1/meetings/..%2Fnodes%3Fx"
        return httpx.Response(200, json={})

    client(handler).meeting("../nodes?x")


def test_silence_is_unreachable():
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnreachableError, match="http://api/v1"):
        client(handler).health()


def answers(*replies: httpx.Response | Exception) -> tuple[object, list[httpx.Request]]:
    """A handler that gives one reply after the other, and what it was asked."""
    left, asked = list(replies), []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return handler, asked


def test_what_could_not_be_taken_now_is_sent_again_after_the_pause_that_was_named():
    busy = httpx.Response(503, headers={"Retry-After": "2"}, json={"code": "store_unavailable"})
    handler, asked = answers(busy, httpx.Response(201, json={"id": "mtg_1"}))
    pauses: list[float] = []
    assert client(handler, pauses).create_meeting(title="x") == {"id": "mtg_1"}
    assert len({request.headers["Idempotency-Key"] for request in asked}) == 1
    assert len(pauses) == 1
    assert 2 < pauses[0] <= 3


def test_a_lost_answer_is_asked_for_again_and_makes_one_thing():
    handler, asked = answers(httpx.ReadTimeout("lost"), httpx.Response(201, json={"id": "mtg_1"}))
    assert client(handler).create_meeting(idempotency_key="order-1") == {"id": "mtg_1"}
    assert [request.headers["Idempotency-Key"] for request in asked] == ["order-1", "order-1"]


def test_what_may_have_been_done_and_may_not_be_repeated_is_not_sent_again():
    handler, asked = answers(httpx.ReadTimeout("lost"))
    with pytest.raises(UnreachableError):
        client(handler).rotate_webhook_secret("whe_1")
    assert len(asked) == 1


def test_who_is_told_to_wait_for_long_hears_of_it():
    guessed = httpx.Response(429, headers={"Retry-After": "600"}, json={"code": "too_many_attempts"})
    handler, asked = answers(guessed)
    with pytest.raises(ApiError) as caught:
        client(handler).join_meeting("abc-defg-hij", "Ada", passcode="1234")
    assert caught.value.code == "too_many_attempts"
    assert len(asked) == 1


def test_patience_ends():
    handler, asked = answers(*[httpx.Response(503, json={"code": "no_capacity"}) for _ in range(4)])
    with pytest.raises(ApiError, match="503"):
        client(handler).meeting("abc-defg-hij")
    assert len(asked) == 4


def test_the_bearer_of_a_token_shows_it_and_no_key():
    handler, asked = answers(httpx.Response(200, json={}), httpx.Response(200, json={}))
    one = client(handler)
    one.with_token("t0ken").ask_again("abc-defg-hij")
    one.with_token(None).meeting("abc-defg-hij")
    assert asked[0].headers["Authorization"] == "Bearer t0ken"
    assert "Authorization" not in asked[1].headers


def test_who_waits_gives_up_by_taking_the_join_back():
    handler, asked = answers(httpx.Response(204))
    client(handler).with_token("waiting").give_up("abc-defg-hij")
    assert (asked[0].method, asked[0].url.path) == ("DELETE", "/v1/meetings/abc-defg-hij/join")


def test_a_followed_log_goes_on_after_the_last_entry_until_the_meeting_has_ended():
    pages = [[{"number": 1, "type": "meeting.created"}], [], [{"number": 2, "type": "meeting.ended"}]]
    handler, asked = answers(*[httpx.Response(200, json={"items": page}) for page in pages])
    assert [event["number"] for event in client(handler).follow("abc-defg-hij")] == [1, 2]
    assert [request.url.params["after"] for request in asked] == ["0", "1", "1"]


def healthy_api(request: httpx.Request) -> httpx.Response:
    node = {"id": "node_1", "region": "local", "state": "ready", "url": "http://127.0.0.1:9", "usedUnits": 1,
            "reservedUnits": 8, "capacityUnits": 500, "cpuBusy": 0.25, "meetings": 1}  # fmt: skip
    meeting = {"id": "mtg_1", "code": "abc-defg-hij", "title": "[b]Team[/b]", "state": "live",
               "participantCount": 2, "createdAt": "2026-11-23T12:00:00Z",
               "link": "http://x/m/abc"}  # fmt: skip
    answers = {
        "/v1/health": {"status": "ok"},
        "/v1/.well-known/jwks.json": {"keys": [{}]},
        "/v1/nodes": {"items": [node], "nextCursor": None},
        "/v1/meetings": meeting if request.method == "POST" else {"items": [meeting], "nextCursor": None},
        "/v1/meetings/abc-defg-hij/end": meeting,
    }
    return httpx.Response(200, json=answers[request.url.path])


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["meetings", "create", "--title", "Team"], "http://x/m/abc\nmtg_1"),
        (["meetings", "list"], "[b]Team[/b]"),
        (["meetings", "end", "abc-defg-hij"], "abc-defg-hij has ended."),
        (["nodes"], "25%"),
    ],
)
def test_commands_print_what_the_api_says(monkeypatch: pytest.MonkeyPatch, command: list[str], expected: str):
    monkeypatch.setattr(cli, "client", lambda: client(healthy_api))
    monkeypatch.setattr(cli.console, "_width", 200, raising=False)
    result = CliRunner().invoke(cli.application, command, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert expected in result.output


def test_the_doctor_names_what_is_not_well(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cli, "client", lambda: client(healthy_api))
    monkeypatch.setattr(cli, "nodes_answer", lambda api: False)
    result = CliRunner().invoke(cli.application, ["doctor"])
    assert result.exit_code == 1
    assert "FAIL Ready nodes are reachable" in result.output
    assert result.output.count("ok ") == 4
