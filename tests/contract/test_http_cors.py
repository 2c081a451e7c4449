"""Pages of the origins that the operator names read every answer, errors too; others read none."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.config import read_config
from chalicelib.domain.limits import Quota
from chalicelib.routes import http
from chalicelib.routes.registry import ROUTES
from chalicelib.services.limits import Limits
from localcloud.control_plane import ControlPlane
from localcloud.gateway.event import HttpRequest
from localcloud.gateway.gateway import BODY_LIMIT_BYTES, Gateway
from tests.contract.test_http_api import Api, api, control_plane, create, limits, people, receiver

__all__ = ["api", "control_plane", "limits", "people", "receiver"]

APP = "http://127.0.0.1:8080"
TENANTS = "https://school.example"
OTHERS = [
    "https://evil.example",
    "null",
    f"{TENANTS}.evil.example",
    "http://school.example",
    "*",
    "",
    "x" * 999,
]
SENT = {"authorization", "content-type", "idempotency-key", "if-match", "if-none-match"}
READ = {
    *("etag", "location", "ratelimit-limit", "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset"),
    *("retry-after", "x-request-id"),
}


def allow(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    built = vars(http)["services"]()
    allowed = read_config({"PARLEY_ALLOWED_ORIGINS": origins}).allowed_origins
    changed = dataclasses.replace(built, config=dataclasses.replace(built.config, allowed_origins=allowed))
    monkeypatch.setattr("chalicelib.routes.http.services", lambda: changed)


@pytest.fixture(autouse=True)
def allowed_origins(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, TENANTS)


def named(header: str) -> set[str]:
    return {one.strip().lower() for one in header.split(",")}


@pytest.mark.parametrize("origin", [APP, TENANTS])
async def test_an_allowed_page_reads_answers_and_what_goes_with_them(api: Api, origin: str):
    status, headers, _ = await api("POST", "/meetings", {}, origin=origin)
    assert (status, headers["access-control-allow-origin"]) == (201, origin)
    assert named(headers["access-control-expose-headers"]) >= READ
    assert "origin" in named(headers["vary"])
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("origin", OTHERS)
async def test_no_other_page_reads_anything_and_no_cache_mixes_them_up(api: Api, origin: str):
    for method, path in (("GET", "/health"), ("GET", "/nothing"), ("OPTIONS", "/meetings")):
        _, headers, _ = await api(method, path, origin=origin)
        assert not [name for name in headers if name.startswith("access-control")]
        assert "origin" in named(headers["vary"])


async def test_a_request_of_no_page_says_what_it_would_vary_by(api: Api):
    _, headers, _ = await api("GET", "/health")
    assert "access-control-allow-origin" not in headers
    assert "origin" in named(headers["vary"])


async def test_each_route_and_method_can_be_asked_for_before(api: Api):
    for method, path, _ in ROUTES:
        place = path.removeprefix("/v1").replace("{", "").replace("}", "")
        asked: dict[str, Any] = {"origin": TENANTS, "access_control_request_method": method}
        status, headers, body = await api("OPTIONS", place, guest=True, **asked)
        assert (status, body) == (204, None)
        assert headers["access-control-allow-origin"] == TENANTS
        assert method.lower() in named(headers["access-control-allow-methods"])
        assert named(headers["access-control-allow-headers"]) >= SENT
        assert int(headers["access-control-max-age"]) <= 7200


async def test_an_operator_may_allow_every_page(api: Api, monkeypatch: pytest.MonkeyPatch):
    allow(monkeypatch, "*")
    for origin in (TENANTS, "https://anybody.example", "null"):
        _, headers, _ = await api("GET", "/health", origin=origin)
        assert headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nodes", 401),
        ("GET", "/meetings/abc-defg-hij", 404),
        ("GET", "/nothing/there", 404),
        ("PUT", "/meetings", 405),
        ("POST", "/meetings/abc-defg-hij/join", 422),
    ],
)
async def test_refusals_are_read_by_allowed_pages(api: Api, method: str, path: str, status: int):
    answered, headers, problem = await api(method, path, guest=True, origin=TENANTS)
    assert (answered, problem["status"]) == (status, status)
    assert headers["access-control-allow-origin"] == TENANTS
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-request-id"] == problem["requestId"]


async def test_who_asks_too_often_reads_when_to_come_again(api: Api, limits: Limits):
    limits._caller = Quota(0.5, 1)
    answers = [await api("GET", "/health", guest=True, origin=TENANTS) for _ in range(2)]
    status, headers, _ = answers[1]
    assert (status, headers["access-control-allow-origin"], headers["retry-after"]) == (429, TENANTS, "2")
    assert "retry-after" in named(headers["access-control-expose-headers"])


@pytest.mark.parametrize(
    ("failure", "status"), [(errors.StoreUnavailableError("DynamoDB is away."), 503), (ValueError("x"), 500)]
)
async def test_failures_of_ours_are_problems_that_allowed_pages_read(
    api: Api, monkeypatch: pytest.MonkeyPatch, failure: Exception, status: int
):
    def fail(*_: Any) -> None:
        raise failure

    meeting = await create(api)
    monkeypatch.setattr("chalicelib.services.meetings.Meetings.look", fail)
    answered, headers, problem = await api("GET", f"/meetings/{meeting['id']}", origin=TENANTS)
    assert (answered, problem["status"], headers["access-control-allow-origin"]) == (status, status, TENANTS)
    assert "ValueError" not in str(problem)


async def test_what_the_gateway_refuses_is_read_by_allowed_pages(api: Api, control_plane: ControlPlane):
    for origin, shown in ((TENANTS, TENANTS), ("null", None)):
        headers = [("Origin", origin)]
        request = HttpRequest("POST", "/v1/meetings", "", headers, b"x" * (BODY_LIMIT_BYTES + 1), "127.0.0.1")
        answer = await Gateway(control_plane).handle_request(request)
        assert answer.status == 413
        assert dict(answer.headers).get("Access-Control-Allow-Origin") == shown
